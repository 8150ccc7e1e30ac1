//! Which part may know which: the dependency arrows, the crates that are named in one place only, and the shape of files.
//! Every rule is also shown a small house that breaks it, so that none can be blind.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The longest file of Rust.
const LINES_MAX: usize = 500;

/// Who may depend on which of ours; tests and benches included.
const ARROWS: &[(&str, &[&str])] = &[
    ("anklang-domain", &[]),
    ("anklang-models", &["anklang-domain"]),
    ("anklang-engine", &["anklang-domain", "anklang-models"]),
    ("anklang-experiments", &["anklang-domain"]),
    ("anklang-datasets", &["anklang-domain", "anklang-models", "anklang-engine", "anklang-experiments"]),
    (
        "anklang-server",
        &["anklang-domain", "anklang-models", "anklang-engine", "anklang-experiments", "anklang-datasets"],
    ),
    (
        "anklang-benches",
        &[
            "anklang-domain",
            "anklang-models",
            "anklang-engine",
            "anklang-experiments",
            "anklang-datasets",
            "anklang-server",
        ],
    ),
];

/// Crates of others, the package that may name them, and the files in it where they may be named: below a folder, or
/// these files, or files of this name.
const PLACES: &[(&str, &[&str], Where)] = &[
    ("actix", &["anklang-server"], Where::Below("server")),
    ("tantivy", &["anklang-engine"], Where::Below("engine/src/index")),
    ("sled", &["anklang-engine"], Where::File("engine/src/journal/sled.rs")),
    ("linfa", &["anklang-models"], Where::Named("fit.rs")),
    ("faer", &["anklang-models"], Where::Below("engine/models")),
];

#[derive(Clone, Copy)]
enum Where {
    Below(&'static str),
    File(&'static str),
    Named(&'static str),
}

impl Where {
    fn holds(self, path: &str) -> bool {
        match self {
            Self::Below(folder) => path.starts_with(&format!("{folder}/")),
            Self::File(file) => path == file,
            Self::Named(name) => path.rsplit('/').next() == Some(name),
        }
    }
}

/// A package: where it is, and its manifest.
struct Package {
    folder: String,
    manifest: toml::Table,
}

impl Package {
    fn name(&self) -> &str {
        self.manifest["package"]["name"].as_str().expect("a name")
    }

    /// The names of everything it depends on, in whichever way.
    fn dependencies(&self) -> Vec<String> {
        let mut tables = vec![&self.manifest];
        let targets = self.manifest.get("target").and_then(toml::Value::as_table);
        tables.extend(targets.into_iter().flat_map(|targets| targets.values().filter_map(toml::Value::as_table)));
        let mut names = Vec::new();
        for (table, kind) in tables
            .iter()
            .flat_map(|table| ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| (*table, kind)))
        {
            for (name, how) in table.get(kind).and_then(toml::Value::as_table).into_iter().flatten() {
                let renamed = how.get("package").and_then(toml::Value::as_str);
                names.push(renamed.unwrap_or(name).to_owned());
            }
        }
        names
    }
}

/// The house: its packages, and its files of Rust with their text.
struct House {
    members: Vec<String>,
    packages: Vec<Package>,
    sources: BTreeMap<String, String>,
}

impl House {
    fn of(root: &Path) -> Self {
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let workspace: toml::Table = read(&root.join("Cargo.toml")).parse().expect("the workspace's manifest");
        let members = workspace["workspace"]["members"].as_array().expect("members");
        let members = members.iter().map(|member| member.as_str().expect("a path").to_owned()).collect();
        let mut house = Self { members, packages: Vec::new(), sources: BTreeMap::new() };
        for path in files_below(root) {
            let inside = path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
            if let Some(folder) = inside.strip_suffix("/Cargo.toml") {
                let manifest = read(&path).parse().unwrap_or_else(|e| panic!("{inside}: {e}"));
                house.packages.push(Package { folder: folder.to_owned(), manifest });
            } else if inside.ends_with(".rs") {
                house.sources.insert(inside, read(&path));
            }
        }
        house
    }

    /// Everything that is not as it should be, one line each.
    fn faults(&self) -> String {
        let mut faults = String::new();
        for package in &self.packages {
            self.look_at_package(package, &mut faults);
        }
        for (path, text) in &self.sources {
            look_at_source(path, text, &mut faults);
        }
        faults
    }

    fn look_at_package(&self, package: &Package, faults: &mut String) {
        let (name, folder) = (package.name(), &package.folder);
        if !self.members.contains(folder) {
            let _ = writeln!(faults, "{folder} is no member of the workspace");
        }
        if package.manifest.get("lints").and_then(|lints| lints.get("workspace")?.as_bool()) != Some(true) {
            let _ = writeln!(faults, "{name} does not inherit the workspace's lints");
        }
        let Some((_, may)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            let _ = writeln!(faults, "{name} has no place in the arrows");
            return;
        };
        for dependency in package.dependencies() {
            if dependency.starts_with("anklang-") && !may.contains(&dependency.as_str()) {
                let _ = writeln!(faults, "{name} depends on {dependency}");
            }
            for (word, owners, _) in PLACES {
                if is_of(&dependency, word) && !owners.contains(&name) {
                    let _ = writeln!(faults, "{name} depends on {dependency}");
                }
            }
        }
    }
}

/// Whether a crate is this one or belongs to it, as `actix-web` does to `actix`.
fn is_of(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn look_at_source(path: &str, text: &str, faults: &mut String) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let _ = writeln!(faults, "{path} has {lines} lines");
    }
    for (number, line) in text.lines().enumerate() {
        // What stands in quotes is text, such as the examples below.
        let unquoted: String = line.split('"').step_by(2).collect();
        let code = unquoted.split("//").next().unwrap_or("");
        for name in crates_named(code) {
            for (word, _, place) in PLACES {
                if is_of(name, word) && !place.holds(path) {
                    let _ = writeln!(faults, "{path}:{} names {name}", number + 1);
                }
            }
        }
    }
}

/// The names that stand first in a path (`name::…`) or alone in a `use`: crates, and modules, which the rules do not name.
fn crates_named(code: &str) -> Vec<&str> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut names: Vec<&str> = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let start = before.rfind(|c: char| !part(c)).map_or(0, |last| last + 1);
        let ahead = &before[..start];
        // `a::b::c` names only a; `::b::c` names b.
        let inner = ahead.strip_suffix("::").is_some_and(|rest| rest.ends_with(|c: char| part(c) || c == '>'));
        if start < at && !inner {
            names.push(&before[start..]);
        }
    }
    let plain = code.trim_start().trim_start_matches("pub ").trim_start_matches("extern crate ");
    if let Some(used) = plain.strip_prefix("use ").map(|used| used.trim_start_matches("::")) {
        names.push(used.split(|c: char| !part(c)).next().unwrap_or(""));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Every file, but for what is hidden, built or installed.
fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            if path.is_dir() && !path.is_symlink() {
                // The checks with other people's SDKs are no part of the house.
                if !name.starts_with('.') && !name.starts_with("target") && !path.ends_with("tests/sdk") {
                    folders.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn the_house_is_as_drawn() {
    let house = House::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    assert_eq!(house.packages.len(), ARROWS.len(), "a package without a place in the arrows, or the other way round");
    assert!(house.sources.len() > 100, "only {} files were looked at", house.sources.len());
    let faults = house.faults();
    assert!(faults.is_empty(), "\n{faults}");
}

/// A house of one package, in which one file and one part of the manifest are as given.
fn check(package: &str, manifest: &str, file: &str, text: &str, fault: &str) {
    let root = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    let folder = package.trim_start_matches("anklang-");
    write("Cargo.toml", &format!("[workspace]\nmembers = [{folder:?}]\n"));
    write(&format!("{folder}/Cargo.toml"), &format!("[package]\nname = {package:?}\n{manifest}"));
    write(file, text);
    assert_eq!(House::of(root.path()).faults().trim_end(), fault);
}

const LINTS: &str = "[lints]\nworkspace = true\n";

#[test]
fn an_arrow_the_wrong_way_is_seen() {
    let needs = |name: &str| format!("[dependencies]\n{name}.workspace = true\n{LINTS}");
    check("anklang-engine", &needs("anklang-domain"), "engine/src/lib.rs", "", "");
    for (package, needed) in [
        ("anklang-engine", "anklang-experiments"),
        ("anklang-experiments", "anklang-engine"),
        ("anklang-domain", "anklang-engine"),
        ("anklang-datasets", "anklang-server"),
        ("anklang-datasets", "actix-web"),
        ("anklang-server", "tantivy"),
        ("anklang-datasets", "sled"),
        ("anklang-server", "linfa-clustering"),
    ] {
        check(package, &needs(needed), "x.rs", "", &format!("{package} depends on {needed}"));
    }
    let hidden = format!("[target.'cfg(unix)'.dev-dependencies]\nx = {{ package = \"sled\" }}\n{LINTS}");
    check("anklang-server", &hidden, "x.rs", "", "anklang-server depends on sled");
}

#[test]
fn a_crate_named_out_of_its_place_is_seen() {
    let named = |file: &str, text: &str, fault: &str| check("anklang-engine", LINTS, file, text, fault);
    named("engine/src/journal/sled.rs", "let db: ::sled::Db = sled::open();", "");
    named("engine/src/journal/disk.rs", "use super::sled::Store; // not sled::Db\nmod sled;", "");
    named("engine/src/journal/disk.rs", "fn f(db: &sled::Db) {}", "engine/src/journal/disk.rs:1 names sled");
    named("engine/src/lib.rs", "\npub use ::sled;", "engine/src/lib.rs:2 names sled");
    named("engine/src/index/query.rs", "use tantivy::Term;", "");
    named("engine/src/recommend.rs", "use tantivy::Term;", "engine/src/recommend.rs:1 names tantivy");
    named("server/src/api/mod.rs", "use actix_web::web;", "");
    named("datasets/src/lib.rs", "x(actix_web::rt::spawn);", "datasets/src/lib.rs:1 names actix_web");
    named("engine/src/models/als/fit.rs", "use linfa::Dataset;", "");
    named(
        "engine/src/models/als/mod.rs",
        "use linfa_clustering::K;",
        "engine/src/models/als/mod.rs:1 names linfa_clustering",
    );
}

#[test]
fn a_long_file_a_stray_package_and_missing_lints_are_seen() {
    let (whole, long) = ("x\n".repeat(LINES_MAX), "x\n".repeat(LINES_MAX + 1));
    check("anklang-engine", LINTS, "engine/src/a.rs", &whole, "");
    check("anklang-engine", LINTS, "engine/src/a.rs", &long, "engine/src/a.rs has 501 lines");
    check("anklang-engine", "", "x.rs", "", "anklang-engine does not inherit the workspace's lints");
    check("anklang-extra", LINTS, "x.rs", "", "anklang-extra has no place in the arrows");
    let stray = "[package]\nname = \"anklang-domain\"\n[lints]\nworkspace = true\n";
    check("anklang-engine", LINTS, "engine/domain/Cargo.toml", stray, "engine/domain is no member of the workspace");
}
