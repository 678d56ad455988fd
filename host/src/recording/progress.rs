//! FFmpeg's `-progress`: lines of `key=value`, a report ends with `progress=`.

/// One report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pictures written.
    pub frames: u64,
    /// Pictures that were doubled to keep the rate.
    pub doubled: u64,
    /// Pictures that were left out to keep the rate.
    pub dropped: u64,
    /// The last report.
    pub end: bool,
}

/// Puts reports together from lines.
#[derive(Debug, Default)]
pub struct ProgressParser {
    current: Progress,
}

impl ProgressParser {
    /// Takes one line; tells the report that it completes. Unknown and broken lines are passed
    /// over.
    pub fn line(&mut self, line: &str) -> Option<Progress> {
        let (key, value) = line.trim().split_once('=')?;
        match key {
            "frame" => self.current.frames = value.trim().parse().unwrap_or(self.current.frames),
            "dup_frames" => {
                self.current.doubled = value.trim().parse().unwrap_or(self.current.doubled);
            }
            "drop_frames" => {
                self.current.dropped = value.trim().parse().unwrap_or(self.current.dropped);
            }
            "progress" => {
                self.current.end = value == "end";
                return Some(self.current);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_when_it_is_whole() {
        let mut parser = ProgressParser::default();
        let text = "frame=120\nfps=25.0\nbroken\nframe=x\ndup_frames=3\nprogress=continue\nframe=130\nprogress=end\n";
        let reports: Vec<Progress> = text.lines().filter_map(|line| parser.line(line)).collect();
        assert_eq!(
            reports[0],
            Progress {
                frames: 120,
                doubled: 3,
                dropped: 0,
                end: false
            }
        );
        assert_eq!(
            reports[1],
            Progress {
                frames: 130,
                doubled: 3,
                dropped: 0,
                end: true
            }
        );
    }
}
