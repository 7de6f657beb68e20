//! How PostgreSQL is installed on the system at hand.

use std::fs;

use nix::unistd::geteuid;

/// The command to type.
pub(super) fn line() -> String {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17".to_owned();
    }
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let sudo = if geteuid().is_root() { "" } else { "sudo " };

    match package_command(&system) {
        Some(command) => format!("{sudo}{command}"),
        None => "your system's package of the PostgreSQL server".to_owned(),
    }
}

/// By `ID` and `ID_LIKE` of os-release(5), so that a derivative is served like
/// what it derives from.
fn package_command(os_release: &str) -> Option<&'static str> {
    os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches(['"', '\'']).split_whitespace())
        .find_map(|id| match id {
            "debian" | "ubuntu" => Some("apt-get install postgresql"),
            "fedora" | "rhel" | "centos" | "amzn" => Some("dnf install postgresql-server"),
            "arch" => Some("pacman -S postgresql"),
            "alpine" => Some("apk add postgresql"),
            "suse" | "opensuse" => Some("zypper install postgresql-server"),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_is_told_its_own_command() {
        let cases = [
            ("ID=debian\n", "apt-get"),
            (
                "NAME=Mint\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                "apt-get",
            ),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf"),
            ("ID=arch\n", "pacman"),
            ("ID=alpine\n", "apk"),
            (
                "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n",
                "zypper",
            ),
        ];

        for (os_release, tool) in cases {
            let command = package_command(os_release).unwrap_or_default();
            assert!(command.starts_with(tool), "{os_release}: {command}");
        }
        assert_eq!(package_command("ID=plan9\n"), None);
    }
}
