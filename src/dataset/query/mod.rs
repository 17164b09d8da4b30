//! The query language: parse, evaluate, sort, count, complete.
