//! What a target knows of the export that it holds.
