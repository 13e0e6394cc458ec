//! Limits: how many requests a caller may send. (bucket, rate, now) -> go on, or how long to wait.

/// How a bucket fills: it holds `burst` requests and gets `per_minute` new ones a minute.
#[derive(Clone, Copy)]
pub struct Rate {
    pub per_minute: f64,
    pub burst: f64,
}

impl Rate {
    /// From two variables; one that is missing, no number or below one request counts as the usual value.
    pub fn of(per_minute: &str, burst: &str) -> Self {
        let number = |text: &str, usual: u32| {
            f64::from(text.parse().ok().filter(|&n| n > 0).unwrap_or(usual))
        };
        Self {
            per_minute: number(per_minute, 600),
            burst: number(burst, 100),
        }
    }
}

/// A token bucket. There is one for each caller and isolate: it keeps a runaway client from an upstream, and is no
/// exact quota, because Cloudflare runs as many isolates as it likes.
pub struct Bucket {
    tokens: f64,
    filled: f64,
}

impl Bucket {
    /// A full one; times are in milliseconds.
    pub fn full(rate: Rate, now: f64) -> Self {
        Self {
            tokens: rate.burst,
            filled: now,
        }
    }

    /// Take one request out, or learn in how many seconds there is one.
    pub fn take(&mut self, rate: Rate, now: f64) -> Result<(), u32> {
        let per_ms = rate.per_minute / 60_000.0;
        // A clock that was set back fills nothing.
        let gained = (now - self.filled).max(0.0) * per_ms;
        self.tokens = (self.tokens + gained).min(rate.burst);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(((1.0 - self.tokens) / per_ms / 1000.0).ceil() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_waits() {
        let rate = Rate::of("60", "2");
        let mut bucket = Bucket::full(rate, 0.0);

        assert_eq!(
            [0; 4].map(|_| bucket.take(rate, 0.0)),
            [Ok(()), Ok(()), Err(1), Err(1)]
        );
        assert_eq!(bucket.take(rate, 999.0), Err(1));
        assert_eq!(bucket.take(rate, 1000.0), Ok(()));
        assert_eq!(bucket.take(rate, 1000.0), Err(1));
    }

    #[test]
    fn a_bucket_never_holds_more_than_a_burst() {
        let rate = Rate::of("6", "1");
        let mut bucket = Bucket::full(rate, 0.0);

        assert_eq!(bucket.take(rate, 3_600_000.0), Ok(()));
        assert_eq!(bucket.take(rate, 3_600_000.0), Err(10));
        assert_eq!(bucket.take(rate, 0.0), Err(10));
    }

    #[test]
    fn nonsense_is_the_usual_rate() {
        for text in ["", "0", "-1", "many", "1e9", "NaN"] {
            let rate = Rate::of(text, text);
            assert_eq!((rate.per_minute, rate.burst), (600.0, 100.0), "{text}");
        }
    }
}
