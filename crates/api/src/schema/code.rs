//! The stable codes of GraphQL errors, `extensions.code`; docs/api.md says what each means.

macro_rules! codes {
    ($($variant:ident = $name:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($variant,)*
        }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Code] = &[$(Code::$variant,)*];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Code::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    Unauthenticated = "UNAUTHENTICATED",
    Forbidden = "FORBIDDEN",
    RateLimited = "RATE_LIMITED",
    Overloaded = "OVERLOADED",
    BadRequest = "BAD_REQUEST",
    BodyTooLarge = "BODY_TOO_LARGE",
    DocumentRefused = "DOCUMENT_REFUSED",
    InvalidArgument = "INVALID_ARGUMENT",
    NumberAmbiguous = "NUMBER_AMBIGUOUS",
    NotFound = "NOT_FOUND",
    Locked = "LOCKED",
    NotReady = "NOT_READY",
    ViewBehind = "VIEW_BEHIND",
    ViewStopped = "VIEW_STOPPED",
    TooManyOperations = "TOO_MANY_OPERATIONS",
    TooMuchWork = "TOO_MUCH_WORK",
    TimedOut = "TIMED_OUT",
    Busy = "BUSY",
    DiskFull = "DISK_FULL",
    Unavailable = "UNAVAILABLE",
    Internal = "INTERNAL",
}
