//! A simulated Music Assistant server (contract 07 §6), for tests and for a stack on one machine.
