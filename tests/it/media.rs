//! Tests of `media` from outside.
