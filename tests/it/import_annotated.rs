//! Tests of `import_annotated` from outside.
