//! The folder that keeps the data of one machine, and who may open it.
//!
//! One process at a time opens the files. It holds a lock, which the operating system lifts even when the process is
//! killed, and `casa dev` publishes the addresses of its servers beside it, so that other commands use those instead.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::embedded::Endpoints;

/// The folder used when none is named.
pub const DEFAULT: &str = ".casa";

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The folder or a file in it cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process uses the folder and does not serve it.
    #[error("{} is in use by another casa command; try again when it has finished", .0.display())]
    Busy(PathBuf),
}

/// What a running `casa dev` tells other commands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// The addresses of its servers.
    pub endpoints: Endpoints,
}

/// A data folder.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

/// The right to open the files of a data folder, for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    published: PathBuf,
}

/// Who has a data folder.
#[derive(Debug)]
pub enum Access {
    /// This process, now.
    Own(Lock),
    /// A running `casa dev`.
    Served(Running),
}

impl DataFolder {
    /// The folder, created when missing, readable by its owner only.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn open(path: Option<&Path>) -> Result<Self, HomeError> {
        let path = path.unwrap_or_else(|| Path::new(DEFAULT)).to_owned();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|source| HomeError::Io { path: path.clone(), source })?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the position in the table's stream is kept.
    #[must_use]
    pub fn stream_position(&self) -> PathBuf {
        self.0.join("stream.json")
    }

    /// Takes the folder, or says which process serves it.
    ///
    /// # Errors
    ///
    /// [`HomeError::Busy`] when another command has it just now.
    pub fn take(&self) -> Result<Access, HomeError> {
        let path = self.0.join("lock");
        let failed = |source| HomeError::Io { path: path.clone(), source };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let published = self.0.join("running.json");
        match file.try_lock() {
            Ok(()) => {
                // What a killed process left behind.
                let _ = fs::remove_file(&published);
                Ok(Access::Own(Lock { _file: file, published }))
            }
            Err(TryLockError::WouldBlock) => {
                let running = fs::read(&published).ok().and_then(|text| serde_json::from_slice(&text).ok());
                running.map(Access::Served).ok_or_else(|| HomeError::Busy(self.0.clone()))
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The secret that signs tokens and file links, made at random on the first call and kept from then on.
    ///
    /// # Errors
    ///
    /// When its file cannot be read or written.
    pub fn secret(&self) -> Result<String, HomeError> {
        let path = self.0.join("secret");
        let failed = |source| HomeError::Io { path: path.clone(), source };
        if !path.exists() {
            let draft = self.0.join(format!("secret.{}", std::process::id()));
            write_private(&draft, random_secret().as_bytes()).map_err(failed)?;
            // A link fails where the name exists: of several processes that start at once, the first one decides.
            match fs::hard_link(&draft, &path) {
                Err(source) if source.kind() != io::ErrorKind::AlreadyExists => return Err(failed(source)),
                _ => fs::remove_file(&draft).map_err(failed)?,
            }
        }
        fs::read_to_string(&path).map(|text| text.trim().to_owned()).map_err(failed)
    }
}

impl Lock {
    /// Tells other commands where this process serves the folder.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn publish(&self, endpoints: &Endpoints) -> Result<(), HomeError> {
        let running = Running { pid: std::process::id(), endpoints: endpoints.clone() };
        let failed = |source| HomeError::Io { path: self.published.clone(), source };
        let text = serde_json::to_vec_pretty(&running).map_err(|error| failed(error.into()))?;
        replace(&self.published, &text).map_err(failed)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.published);
    }
}

/// A secret nobody can guess: 64 hexadecimal digits.
#[must_use]
pub fn random_secret() -> String {
    rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces a file so that a reader, or a killed process, never sees half of it.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&draft, content)?;
    fs::rename(&draft, path)
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_stays_the_same_and_is_private() {
        let folder = tempfile::tempdir().expect("folder");
        let home = DataFolder::open(Some(&folder.path().join("a/b"))).expect("created");
        let secret = home.secret().expect("secret");
        assert_eq!(secret.len(), 64);
        assert_eq!(home.secret().expect("secret"), secret);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(home.path().join("secret")).expect("file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_second_process_learns_who_serves_the_folder() {
        let folder = tempfile::tempdir().expect("folder");
        let home = DataFolder::open(Some(folder.path())).expect("created");
        let Access::Own(lock) = home.take().expect("taken") else { panic!("nobody else has it") };
        assert!(matches!(home.take(), Err(HomeError::Busy(_))));
        let endpoints = Endpoints { dynamodb: "d".into(), s3: "s".into(), sqs: "q".into() };
        lock.publish(&endpoints).expect("published");
        let Access::Served(running) = home.take().expect("served") else { panic!("locked") };
        assert_eq!(running.endpoints, endpoints);
        drop(lock);
        assert!(matches!(home.take().expect("free"), Access::Own(_)));
    }
}
