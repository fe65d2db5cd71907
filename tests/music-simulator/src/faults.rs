//! What can be made to go wrong.

use std::time::Duration;

/// Something to go wrong once, with the next command of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is lost before the command is carried out.
    DropBefore,
    /// The command is carried out, and the connection lost before the answer and the events.
    DropAfter,
    /// The command is carried out and told in events, and never answered.
    NoAnswer,
    /// The answer comes so much later; other commands are answered meanwhile.
    Late(Duration),
    /// The command is not carried out and refused with a code and words.
    Refuse(i64, String),
}

/// A fault and the command it waits for; `None` for whatever comes next.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) command: Option<String>,
    pub(crate) fault: Fault,
}

/// The fault that a command meets, which is then over.
pub(crate) fn take(planned: &mut Vec<Planned>, command: &str) -> Option<Fault> {
    let at = planned.iter().position(|one| one.command.as_deref().is_none_or(|name| name == command))?;
    Some(planned.remove(at).fault)
}
