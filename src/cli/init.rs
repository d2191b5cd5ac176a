//! `plimsoll init`: a declaration to start from.

use std::{fs::File, io::Write as _};

use plimsoll::declaration::{self, problem::Problem};

use crate::{args::InitArgs, exit::Exit, failure::Failure, output};

pub(crate) fn run(args: &InitArgs) -> Result<Exit, Failure> {
    let path = args.path.display();
    let mut file = File::create_new(&args.path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::new(
            Exit::Refused,
            Problem::without_text("init.exists", format!("{path} is already there"))
                .help("`init` never overwrites; name another file, or edit this one"),
        ),
        _ => Failure::io(&format!("create {path}"), &error),
    })?;
    file.write_all(declaration::starter(&["essential"]).as_bytes())
        .map_err(|error| Failure::io(&format!("write {path}"), &error))?;
    output::print(
        format!(
            "Wrote {path}. Nothing was changed on this host.\n\nNext:  plimsoll plan -f {path}\n"
        )
        .as_bytes(),
    )?;
    Ok(Exit::Success)
}
