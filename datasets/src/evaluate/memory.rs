//! How much memory this process takes, where the system tells (Linux).

/// What lies in memory now, and the most that did since [`forget_peak`], in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) now_bytes: u64,
    pub(super) peak_bytes: u64,
}

/// Lets the peak begin anew. Where the system refuses, the peak is that since the start.
pub(super) fn forget_peak() {
    // 5 resets the peak (proc(5)); a refusal only makes the figure less useful.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

pub(super) fn memory() -> Option<Memory> {
    of_status(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn of_status(status: &str) -> Option<Memory> {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
    };
    Some(Memory { now_bytes: bytes("VmRSS:")?, peak_bytes: bytes("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read() {
        let status = "Name:\tanklang\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(of_status(status), Some(Memory { now_bytes: 1 << 20, peak_bytes: 2 << 20 }));
        assert_eq!(of_status("VmHWM: many kB"), None);
    }
}
