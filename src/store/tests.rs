use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::plan::FORMAT_VERSION;

/// A directory of its own for each test, removed with it.
struct Room(Store);

impl Room {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(Store::new(path.join("state")))
    }

    async fn lock(&self) -> Result<Lock, LockError> {
        self.0.lock(holder(), Duration::ZERO).await
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(parent) = self.0.directory().parent() {
            let _ = fs::remove_dir_all(parent);
        }
    }
}

fn holder() -> Holder {
    Holder {
        run: None,
        command: "apply".to_owned(),
        user: "root".to_owned(),
        pid: 7,
        since: "2026-11-26T00:00:00Z".to_owned(),
    }
}

fn run(id: u64) -> Run {
    Run {
        format_version: FORMAT_VERSION.to_owned(),
        id,
        command: "apply".to_owned(),
        started_at: "2026-11-26T00:00:00Z".to_owned(),
        ended_at: "2026-11-26T00:01:00Z".to_owned(),
        declaration_digest: "d".to_owned(),
        outcomes: Vec::new(),
        settled: Vec::new(),
    }
}

#[tokio::test]
async fn the_directory_and_its_files_are_for_their_owner_alone() {
    let room = Room::new("modes");
    let lock = room.lock().await.unwrap();
    room.0.save_last_applied(&lock, &LastApplied::default()).unwrap();
    room.0.save_run(&lock, &run(1)).unwrap();
    assert_eq!(room.0.succeeded().unwrap(), None);
    room.0.save_succeeded(&lock, "2026-11-26T00:01:00Z").unwrap();
    assert_eq!(room.0.succeeded().unwrap().as_deref(), Some("2026-11-26T00:01:00Z"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = room.0.directory();
    assert_eq!(mode(directory), 0o700);
    assert_eq!(mode(&directory.join("lock")), 0o600);
    assert_eq!(mode(&directory.join("succeeded")), 0o600);
    assert_eq!(mode(&directory.join("last-applied.json")), 0o600);
    assert_eq!(mode(&directory.join("runs/00000001.json")), 0o600);
}

#[tokio::test]
async fn a_second_writer_is_told_who_the_first_one_is() {
    let room = Room::new("second");
    let mut first = room.lock().await.unwrap();
    first.name_run(12).unwrap();
    let error = room.lock().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "another plimsoll works on this host: run 12, `apply` by root, process 7, \
         since 2026-11-26T00:00:00Z"
    );
    drop(first);
    assert!(room.lock().await.is_ok());
}

#[tokio::test]
async fn a_patient_writer_gets_the_lock_when_it_is_free() {
    let room = Room::new("patient");
    let first = room.lock().await.unwrap();
    let second = room.0.lock(holder(), Duration::from_secs(20));
    let release = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    let (second, ()) = tokio::join!(second, release);
    assert!(second.is_ok());
}

#[tokio::test]
async fn nothing_was_applied_before_the_first_run() {
    let room = Room::new("nothing");
    assert_eq!(room.0.last_applied().unwrap(), LastApplied::default());
    assert_eq!(room.0.runs().unwrap(), Vec::<u64>::new());
    assert!(!room.0.directory().exists(), "reading creates nothing");
}

#[tokio::test]
async fn what_is_saved_is_read_back() {
    let room = Room::new("back");
    let lock = room.lock().await.unwrap();
    let last = LastApplied {
        run: Some((3, "2026-11-26T00:01:00Z".to_owned())),
        declaration_digest: "d".to_owned(),
        ..LastApplied::default()
    };
    room.0.save_last_applied(&lock, &last).unwrap();
    room.0.save_run(&lock, &run(3)).unwrap();
    assert_eq!(room.0.last_applied().unwrap(), last);
    assert_eq!(room.0.run(3).unwrap(), Some(run(3)));
    assert_eq!(room.0.run(4).unwrap(), None);
}

#[tokio::test]
async fn a_number_is_given_once_even_if_its_run_was_never_saved() {
    let room = Room::new("numbers");
    let lock = room.lock().await.unwrap();
    assert_eq!(room.0.next_run(&lock).unwrap(), 1);
    assert_eq!(room.0.next_run(&lock).unwrap(), 2);
    room.0.save_run(&lock, &run(9)).unwrap();
    assert_eq!(room.0.next_run(&lock).unwrap(), 10);
}

#[tokio::test]
async fn a_damaged_file_is_named_and_never_written_over() {
    let room = Room::new("damaged");
    let lock = room.lock().await.unwrap();
    let path = room.0.directory().join("last-applied.json");
    for text in ["{\"format_version\": \"1.0\", \"run\": [4", "[]", "\u{0}"] {
        fs::write(&path, text).unwrap();
        let error = room.0.save_last_applied(&lock, &LastApplied::default()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }));
        assert!(error.to_string().contains("last-applied.json is damaged"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test]
async fn a_newer_format_is_refused_and_a_newer_addition_is_read() {
    let room = Room::new("newer");
    let lock = room.lock().await.unwrap();
    room.0.save_run(&lock, &run(1)).unwrap();
    let path = room.0.directory().join("runs/00000001.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"1.0\"", "\"1.7\"").replace("\"id\"", "\"more\": 1, \"id\""))
        .unwrap();
    assert_eq!(room.0.run(1).unwrap().unwrap().id, 1);
    fs::write(&path, text.replace("\"1.0\"", "\"2.0\"")).unwrap();
    let error = room.0.run(1).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("has format 2.0, and this program reads 1.0; a newer plimsoll wrote it")
    );
}

#[tokio::test]
async fn runs_past_their_number_or_age_are_pruned_and_the_newest_stays() {
    let room = Room::new("prune");
    let lock = room.lock().await.unwrap();
    for id in 1..=5 {
        room.0.save_run(&lock, &run(id)).unwrap();
    }
    let keep = Retention { runs: 3, ..Retention::default() };
    room.0.prune(&lock, keep, SystemTime::now()).unwrap();
    assert_eq!(room.0.runs().unwrap(), [5, 4, 3]);

    fs::write(room.0.directory().join(".last-applied.json.x1"), "half").unwrap();
    let in_a_year = SystemTime::now() + Duration::from_secs(365 * 24 * 3600);
    room.0.prune(&lock, keep, in_a_year).unwrap();
    assert_eq!(room.0.runs().unwrap(), [5]);
    assert!(!room.0.directory().join(".last-applied.json.x1").exists());
}

#[test]
fn a_file_of_the_first_format_is_read() {
    let path = std::env::temp_dir().join(format!("plimsoll-{}-first.json", std::process::id()));
    fs::write(
        &path,
        r#"{"format_version": "1.0", "run": [7, "2026-11-26T00:01:00Z"],
            "declaration_digest": "d", "tool_version": "0.1.0",
            "objects": {"container/web": {"fingerprint": "f", "policy": "p", "at": "t"}},
            "undone": {"c-5f1e0b": {"declaration_digest": "d", "why": "w", "run": 6}},
            "daemon_start": {"pid": 1, "start_ticks": 2, "keys": {"icc": "i"}}}"#,
    )
    .unwrap();
    let last: LastApplied = file::read_versioned(&path).unwrap().unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(last.run.map(|(id, _)| id), Some(7));
    assert_eq!(last.objects.len(), 1);
    assert_eq!(last.undone["c-5f1e0b"].run, 6);
    assert_eq!(last.daemon_start.unwrap().keys["icc"], "i");
}
