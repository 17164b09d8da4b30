//! Tests of `import` from outside.
