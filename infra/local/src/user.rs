//! Enters members of staff and changes their passwords.

use std::io::{IsTerminal as _, Read as _};

use casa_domain::password;
use casa_store::{NewStaffUser, StoreError};
use console::Term;

use crate::Failure;
use crate::cli::{CreateArgs, PasswordArgs, PasswordSource, UserCommand};
use crate::home::DataFolder;
use crate::local::{Local, Wish};
use crate::output::say;

/// Fewest characters of a password: staff accounts open every guest's data.
const SHORTEST: usize = 8;

/// `casa user`.
pub(crate) async fn run(command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Create(arguments) => create(arguments).await,
        UserCommand::Password(arguments) => change_password(arguments).await,
    }
}

async fn create(arguments: CreateArgs) -> Result<(), Failure> {
    let email = arguments.email.trim().to_owned();
    if !looks_like_email(&email) {
        return Err(Failure::new(format!("{email} is not an e-mail address")));
    }
    let hash = hashed(&arguments.password)?;
    let folder = DataFolder::open(arguments.data.as_deref())?;
    let local = Local::open(Wish { folder: Some(folder), share: true, ..Wish::default() }).await?;
    let new = NewStaffUser {
        email: email.clone(),
        first_name: arguments.first_name,
        last_name: arguments.last_name,
        password_hash: hash,
        groups: arguments.group,
        superuser: arguments.superuser,
        is_staff: arguments.superuser,
    };
    let created = local.state.store.users().create(new, local.state.clock.now()).await;
    local.close().await;
    match created {
        Ok(user) => {
            let groups: Vec<_> = user.groups.iter().map(|group| group.name.as_str()).collect();
            let groups = if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") };
            say(&format!("{email} can sign in now (user {}, {groups})", user.id));
            Ok(())
        }
        Err(StoreError::Taken(_)) => Err(Failure::new(format!(
            "{email} exists already; `casa user password {email}` gives it another password"
        ))),
        Err(StoreError::Changed) => Err(Failure::new("somebody else entered a user just now; try again")),
        Err(error) => Err(error.into()),
    }
}

async fn change_password(arguments: PasswordArgs) -> Result<(), Failure> {
    let hash = hashed(&arguments.password)?;
    let folder = DataFolder::open(arguments.data.as_deref())?;
    let local = Local::open(Wish { folder: Some(folder), share: true, ..Wish::default() }).await?;
    let changed = local.state.store.users().set_password(arguments.email.trim(), &hash).await;
    local.close().await;
    match changed? {
        Some(user) => {
            say(&format!("{} has a new password; all earlier sessions have ended", user.email));
            Ok(())
        }
        None => Err(Failure::new(format!("nobody signs in as {}", arguments.email))),
    }
}

/// The hash of a new password, wherever it comes from.
fn hashed(source: &PasswordSource) -> Result<String, Failure> {
    let plain = match &source.password {
        Some(given) => given.clone(),
        None if std::io::stdin().is_terminal() => ask()?,
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text.lines().next().unwrap_or_default().to_owned()
        }
    };
    if plain.chars().count() < SHORTEST {
        return Err(Failure::new(format!("a password needs at least {SHORTEST} characters")));
    }
    password::hash(&plain).map_err(|error| Failure::new(error.to_string()))
}

/// Asks twice on the terminal, without showing what is typed.
fn ask() -> Result<String, Failure> {
    let terminal = Term::stderr();
    let read = |prompt: &str| -> Result<String, Failure> {
        terminal.write_str(prompt)?;
        Ok(terminal.read_secure_line()?)
    };
    let first = read("New password: ")?;
    if read("Once more: ")? != first {
        return Err(Failure::new("the two passwords differ"));
    }
    Ok(first)
}

fn looks_like_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_roughly() {
        assert!(looks_like_email("ana@casa.example"));
        for wrong in ["ana", "@casa.example", "ana@casa", "ana maria@casa.example", "a@b@c.example"] {
            assert!(!looks_like_email(wrong), "{wrong}");
        }
    }
}
