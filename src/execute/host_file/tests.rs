//! Files that any step may fail on.

use std::{cell::Cell, collections::BTreeMap, sync::Mutex};

use super::{effects::FileEffects, *};

/// What there is, and how many steps still work.
#[derive(Default)]
struct Fake {
    files: Mutex<BTreeMap<String, FileState>>,
    own: Mutex<BTreeMap<OwnFile, String>>,
    /// What the kernel and systemd were told.
    told: Mutex<Vec<String>>,
    steps: Mutex<Option<usize>>,
}

impl Fake {
    /// The step that does not work is the one after so many; the way back works.
    fn step(&self) -> Step<()> {
        let mut steps = self.steps.lock().unwrap();
        match *steps {
            Some(0) => {
                *steps = None;
                Err("no room".into())
            }
            Some(left) => {
                *steps = Some(left - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn tell(&self, what: String) -> Step<()> {
        self.step()?;
        self.told.lock().unwrap().push(what);
        Ok(())
    }
}

impl FileEffects for Fake {
    fn look(&self, path: &str) -> Step<FileState> {
        self.files.lock().unwrap().get(path).cloned().ok_or("not there".into())
    }

    fn set(&self, path: &str, from: &FileState, to: &FileState) -> Step<()> {
        assert_eq!(self.look(path).as_ref(), Ok(from));
        self.step()?;
        self.files.lock().unwrap().insert(path.into(), to.clone());
        Ok(())
    }

    fn read(&self, file: OwnFile) -> Step<Option<String>> {
        Ok(self.own.lock().unwrap().get(&file).cloned())
    }

    fn write(&self, file: OwnFile, text: Option<&str>) -> Step<()> {
        self.step()?;
        let mut own = self.own.lock().unwrap();
        match text {
            Some(text) => own.insert(file, text.into()),
            None => own.remove(&file),
        };
        Ok(())
    }

    async fn reload_units(&self) -> Step<()> {
        self.tell("reload".into())
    }

    async fn add_audit_rule(&self, rule: &str) -> Step<()> {
        self.tell(format!("add {rule}"))
    }

    async fn remove_audit_rule(&self, rule: &str) -> Step<()> {
        self.tell(format!("remove {rule}"))
    }
}

fn state(uid: u32, mode: u32) -> FileState {
    FileState { uid, gid: 0, mode, access_list: None }
}

fn host() -> Fake {
    let files = [("/a", state(7, 0o666)), ("/b", state(0, 0o777))];
    let files = files.map(|(path, state)| (path.to_owned(), state)).into();
    Fake { files: Mutex::new(files), ..Fake::default() }
}

fn planned(path: &str, before: &FileState, after: &FileState) -> FileChange {
    let (before, after) = (attributes(before), attributes(after));
    FileChange { path: path.into(), before, after }
}

fn wanted(host: &Fake) -> FilesSet {
    let files = [
        planned("/a", &state(7, 0o666), &state(0, 0o640)),
        planned("/b", &state(0, 0o777), &state(0, 0o700)),
    ];
    let lines = [
        (OwnFile::AuditRules, vec!["-w /a -p wa -k plimsoll".to_owned()]),
        (OwnFile::SocketUnit, vec!["SocketMode=0660".to_owned()]),
    ];
    prepare(host, &files, &lines.into()).unwrap()
}

#[tokio::test]
async fn all_of_it_is_done_and_taken_back() {
    let host = host();
    let wanted = wanted(&host);
    assert_eq!(stands(&host, &wanted), Ok(Stands::AsBefore));
    let mut saved = Vec::new();
    let outcome = set(&host, &wanted, &mut |way| saved.push(way)).await;
    assert!(matches!(&outcome, Outcome::Done { proof } if proof.contains("/a is 0:0 0640")));
    assert_eq!(stands(&host, &wanted), Ok(Stands::AsAfter));
    let back = saved.remove(0).turned();
    assert!(matches!(set(&host, &back, &mut |_| ()).await, Outcome::Done { .. }));
    assert_eq!(host.look("/a"), Ok(state(7, 0o666)));
    assert_eq!(host.read(OwnFile::AuditRules), Ok(None));
    let told = host.told.lock().unwrap();
    let rule = "/a -p wa -k plimsoll";
    let audited: Vec<&String> = told.iter().filter(|it| *it != "reload").collect();
    assert_eq!(audited, [&format!("add -w {rule}"), &format!("remove -w {rule}")]);
}

#[tokio::test]
async fn a_step_that_fails_takes_the_others_back() {
    let done = Cell::new(false);
    for steps in 0.. {
        let host = host();
        let wanted = wanted(&host);
        *host.steps.lock().unwrap() = Some(steps);
        let outcome = set(&host, &wanted, &mut |_| ()).await;
        if matches!(outcome, Outcome::Done { .. }) {
            assert!(steps >= 6, "{steps}");
            done.set(true);
            break;
        }
        assert!(matches!(outcome, Outcome::Undone { .. }), "{steps}: {outcome:?}");
        assert_eq!(stands(&host, &wanted), Ok(Stands::AsBefore), "{steps}");
    }
    assert!(done.get());
}

#[tokio::test]
async fn what_somebody_else_has_changed_is_left_alone() {
    let host = host();
    let wanted = wanted(&host);
    host.files.lock().unwrap().insert("/b".into(), state(5, 0o600));
    let outcome = set(&host, &wanted, &mut |_| panic!("nothing is done")).await;
    assert!(matches!(&outcome, Outcome::Failed { why } if why.contains("/b")), "{outcome:?}");
    assert_eq!(host.look("/a"), Ok(state(7, 0o666)));
    let files = [planned("/b", &state(0, 0o777), &state(0, 0o700))];
    assert!(prepare(&host, &files, &BTreeMap::new()).unwrap_err().contains("plan again"));
}

#[test]
fn mask_of_an_access_list_does_not_become_a_right_of_the_group() {
    // user::rw- user:7:rwx group::r-- mask::rwx other::---
    let entries: [(u16, u16, u32); 5] =
        [(1, 6, u32::MAX), (2, 7, 7), (4, 4, u32::MAX), (16, 7, u32::MAX), (32, 0, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, digit, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(digit.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    let before = FileState { access_list: Some(list), ..state(0, 0o670) };
    let after = FileAttributes { has_access_list: false, ..attributes(&before) };
    assert_eq!(target(&before, &after), state(0, 0o640));
    assert_eq!(target(&before, &attributes(&before)), before);
}
