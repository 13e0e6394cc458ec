//! Validity: the first thing that is wrong with a module. Parser events -> Option<Error>.

use wasmparser::{Error, FuncValidatorAllocations, Payload, Result, ValidPayload, Validator, WasmFeatures};

/// Holds wasmparser's validator, with every proposal that it knows, until the first error.
pub struct Validity {
    validator: Option<Validator>,
    allocations: FuncValidatorAllocations,
    check_bodies: bool,
    error: Option<Error>,
}

impl Validity {
    pub fn new(check_bodies: bool) -> Self {
        Validity {
            validator: Some(Validator::new_with_features(WasmFeatures::all())),
            allocations: FuncValidatorAllocations::default(),
            check_bodies,
            error: None,
        }
    }

    /// After an error the validator's state means nothing, so it sees no more events.
    pub fn payload(&mut self, payload: &Payload<'_>) {
        if let Some(mut validator) = self.validator.take() {
            match self.validate(&mut validator, payload) {
                Ok(()) => self.validator = Some(validator),
                Err(error) => self.fail(error),
            }
        }
    }

    fn validate(&mut self, validator: &mut Validator, payload: &Payload<'_>) -> Result<()> {
        if let ValidPayload::Func(function, body) = validator.payload(payload)?
            && self.check_bodies
        {
            let mut function = function.into_validator(std::mem::take(&mut self.allocations));
            function.validate(&body)?;
            self.allocations = function.into_allocations();
        }
        Ok(())
    }

    /// Notes an error that somebody else met. Only the first one counts.
    pub fn fail(&mut self, error: Error) {
        self.validator = None;
        self.error.get_or_insert(error);
    }

    pub fn into_error(self) -> Option<Error> {
        self.error
    }
}
