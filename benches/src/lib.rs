//! What the measurements share: facts to write, a PostgreSQL to compare with, tables to print.

pub mod postgres;

use anklang_domain::{Body, Engagement, Fact, FactId, ItemId, MemberId, Props, Stream, Target, UnixMillis, Verb};

/// An endless supply of engagements of about 200 encoded bytes, as tracking SDKs send them: an id that does not
/// compress, names that recur, some text.
#[derive(Debug)]
pub struct Supply {
    chance: Stream,
    count: u64,
}

const WORDS: &str = "the community asked how to grow tomatoes on a balcony in autumn and which soil keeps water longest while \
                     somebody else wondered whether compost tea is worth the trouble of brewing it every single week";

impl Supply {
    /// The supply of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { chance: Stream::new(seed), count: 0 }
    }

    /// The next facts.
    pub fn take(&mut self, count: usize) -> Result<Vec<Fact>, Box<dyn std::error::Error>> {
        (0..count).map(|_| self.fact()).collect()
    }

    fn fact(&mut self) -> Result<Fact, Box<dyn std::error::Error>> {
        self.count += 1;
        let at = UnixMillis::new(1_500_000_000_000 + self.count as i64 * 317)?;
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let text: Vec<&str> = (0..16).map(|_| words[self.chance.below(words.len())]).collect();
        let mut props = Props::new();
        props.insert("text".to_owned(), text.join(" ").into());
        let (high, low) = (self.chance.next_u64(), self.chance.next_u64());
        Ok(Fact {
            id: FactId::parse(&format!("{high:016x}{low:016x}"))?,
            at,
            received_at: Some(at.plus_ms(40)),
            source: "http".to_owned(),
            body: Body::Engaged(Engagement {
                member: MemberId::parse(&format!("member-{}", self.chance.below(200_000)))?,
                verb: [Verb::Viewed, Verb::Clicked, Verb::Liked, Verb::Replied][self.chance.below(4)].clone(),
                target: Target::Item(ItemId::parse(&format!("discussion-{}", self.chance.below(1_000_000)))?),
                value: None,
                props,
            }),
        })
    }
}

/// The middle of some numbers; 0 of none.
#[must_use]
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// What follows `--name` among the program's arguments.
#[must_use]
pub fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| *argument != format!("--{name}")).nth(1)
}

/// Whether `--name` is among the program's arguments.
#[must_use]
pub fn flag(name: &str) -> bool {
    std::env::args().any(|argument| argument == format!("--{name}"))
}

/// A figure of a process's memory in MB: `VmRSS:` or `VmHWM:` of a process id, or of `self`.
pub fn memory_of(process: &str, line: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let kilobytes =
        status.lines().find_map(|found| found.strip_prefix(line)?.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kilobytes.unwrap_or(0) >> 10)
}
