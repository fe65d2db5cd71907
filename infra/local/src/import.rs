//! Brings the original's exports and media folder in.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use casa_store::import::{Importer, Report};
use casa_web::Files;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::cli::ImportArgs;
use crate::home::DataFolder;
use crate::local::{Local, Wish};
use crate::output::{Progress, say};
use crate::{Failure, embedded::EmbeddedError};

/// Files on their way to the bucket at the same time.
const TOGETHER: usize = 8;

/// `casa import`.
pub(crate) async fn run(arguments: ImportArgs) -> Result<(), Failure> {
    let rows = read_dumps(&arguments.dumps)?;
    check_folder(arguments.media.as_deref())?;
    let folder = DataFolder::open(arguments.data.as_deref())?;
    let local = Local::open(Wish { folder: Some(folder), share: true, ..Wish::default() }).await?;
    let result = bring_in(&local, rows, arguments.media.as_deref()).await;
    local.close().await;
    result
}

/// Brings rows and files in, and reports.
pub(crate) async fn bring_in(local: &Local, rows: Vec<Value>, media: Option<&Path>) -> Result<(), Failure> {
    if !rows.is_empty() {
        say(&import_rows(local, rows).await?.to_string());
    }
    if let Some(media) = media {
        let files = upload_folder(&local.state.files, media).await?;
        say(&format!("{files} files of {} are in the bucket", media.display()));
    }
    Ok(())
}

/// Brings rows in; answers what became of them.
pub(crate) async fn import_rows(local: &Local, rows: Vec<Value>) -> Result<Report, Failure> {
    let total = rows.len();
    let mut progress = Progress::new("rows");
    local.load_fast(true)?;
    let result = Importer::new(local.state.store.clone())
        .run(rows, &mut |done, total| progress.set(done, total))
        .await;
    local.load_fast(false)?;
    let report = result?;
    progress.finish(total);
    // The first process that looks for a guest reads one file instead of the list.
    local.state.save_client_book(0).await.map_err(|error| Failure::new(error.to_string()))?;
    Ok(report)
}

/// The rows of all exports, in the order given.
pub(crate) fn read_dumps(dumps: &[PathBuf]) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for dump in dumps {
        let failed = |problem: String| Failure::new(format!("{}: {problem}", dump.display()));
        let file = File::open(dump).map_err(|error| failed(error.to_string()))?;
        let read: Value = serde_json::from_reader(BufReader::new(file))
            .map_err(|error| failed(format!("is not a complete JSON file ({error})")))?;
        let Value::Array(mut read) = read else {
            return Err(failed(
                "is not an export: it must be a JSON array of {model, pk, fields}".to_owned(),
            ));
        };
        rows.append(&mut read);
    }
    Ok(rows)
}

/// Refuses a media folder that is none, before anything is done.
pub(crate) fn check_folder(media: Option<&Path>) -> Result<(), Failure> {
    match media {
        Some(media) if !media.is_dir() => Err(Failure::new(format!("{} is not a folder", media.display()))),
        _ => Ok(()),
    }
}

/// Puts every file below a folder into the bucket under its relative path; answers how many.
async fn upload_folder(files: &Files, folder: &Path) -> Result<usize, Failure> {
    let mut found = Vec::new();
    collect(folder, folder, &mut found)?;
    found.sort();
    let total = found.len();
    let mut progress = Progress::new("files");
    let mut running: JoinSet<Result<(), Failure>> = JoinSet::new();
    let mut done = 0;
    let mut waiting = found.into_iter();
    loop {
        while running.len() < TOGETHER {
            let Some((key, path)) = waiting.next() else { break };
            let files = files.clone();
            running.spawn(async move { upload(&files, &key, &path).await });
        }
        let Some(finished) = running.join_next().await else { break };
        finished.map_err(|error| Failure::new(error.to_string()))??;
        done += 1;
        progress.set(done, total);
    }
    progress.finish(total);
    Ok(total)
}

async fn upload(files: &Files, key: &str, path: &Path) -> Result<(), Failure> {
    let failed = |problem: String| Failure::new(format!("{}: {problem}", path.display()));
    let bytes = tokio::fs::read(path).await.map_err(|error| failed(error.to_string()))?;
    files.put(key, bytes, content_type(key)).await.map_err(|error| failed(error.to_string()))
}

/// Every file below `folder` with its key: the path relative to `root`, with `/`. Hidden ones stay out.
fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, PathBuf)>) -> Result<(), EmbeddedError> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, found)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            found.push((parts.join("/"), path));
        }
    }
    Ok(())
}

/// The media type of a file by its name's ending.
fn content_type(key: &str) -> &'static str {
    let ending = key.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "avif" => "image/avif",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "jpeg" | "jpg" => "image/jpeg",
        "json" => "application/json",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_relative_paths_and_hidden_files_stay_out() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("folders");
        for name in ["a/b/one.PNG", "two.txt", ".hidden"] {
            std::fs::write(folder.path().join(name), "x").expect("file");
        }
        let mut found = Vec::new();
        collect(folder.path(), folder.path(), &mut found).expect("collected");
        found.sort();
        let keys: Vec<_> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a/b/one.PNG", "two.txt"]);
        assert_eq!(content_type("a/b/one.PNG"), "image/png");
    }
}
