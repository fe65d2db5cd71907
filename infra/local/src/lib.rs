//! The `casa` program: the whole system on one machine, in one process.
//!
//! [`embedded`] serves the DynamoDB, S3 and SQS APIs; the rest of the crate runs every function's router against
//! them, delivers the table's stream to the reactions, and offers the commands of [`cli`].

pub mod embedded;
