"""Benches: whole processes against a peer, interleaved, medians of several runs after a warm-up."""
