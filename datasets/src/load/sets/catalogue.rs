//! Data sets that are known by name.

use crate::dataset::DataSet;

/// A data set that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The name of its folder.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Under which terms it is given.
    pub licence: &'static str,
    /// Who made it, and where it is described.
    pub source: &'static str,
    /// Its shape, where that does not depend on how it is read.
    pub shape: Option<Shape>,
    /// SHA-256 over its files in the order in which they are read (see [`checksum`](super::checksum())); none where the
    /// files were not at hand.
    pub checksum: Option<&'static str>,
}

/// How many there are of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Members, with or without events.
    pub members: usize,
    /// Items, with or without events.
    pub items: usize,
    /// Events to train on, or all where there is no split.
    pub events: usize,
    /// Events to test on.
    pub given: usize,
}

const fn shape(members: usize, items: usize, events: usize, given: usize) -> Option<Shape> {
    Some(Shape { members, items, events, given })
}

const GROUPLENS: &str = "GroupLens terms: research, no redistribution without permission";
const CC_BY_SA: &str = "CC BY-SA 4.0";
const DUMP: &str = "Stack Exchange data dump";
const RATINGS: &str = "Harper and Konstan 2015, The MovieLens datasets";

/// All data sets that are known.
pub const CATALOGUE: &[Known] = &[
    Known {
        name: "gowalla",
        about: "check-ins of members at places, the split of LightGCN",
        licence: "none stated; public for research (SNAP)",
        source: "Cho, Myers and Leskovec 2011; split by Wang et al. 2019 (NGCF), He et al. 2020 (LightGCN)",
        shape: shape(29_858, 40_981, 810_128, 217_242),
        checksum: Some("dfa299b38d46b9205db14b21e3d043e8e1a131beb876e6e0c5176b1db4b383f9"),
    },
    Known {
        name: "movielens-1m",
        about: "MovieLens-1M as implicit feedback without times, one split",
        licence: GROUPLENS,
        source: RATINGS,
        shape: shape(6_040, 3_260, 801_218, 197_321),
        checksum: Some("08bd27fd91c3238b60c155ed9b181f8c87661f8318f92e2ae4298e43e7f8a4d7"),
    },
    Known {
        name: "amazon-beauty",
        about: "purchases in order, five and more of each member and item, and attributes of items",
        licence: "none stated; public for research",
        source: "McAuley et al. 2015; prepared by Zhou et al. 2020 (S3-Rec)",
        shape: shape(22_363, 12_101, 198_502, 0),
        checksum: Some("f9b6dc3bc143d0025f45ad1649785abb177003859509b8a6d78da1d0ce926098"),
    },
    Known {
        name: "citeulike-a",
        about: "members' libraries of articles, tags of articles",
        licence: "none stated; public for research",
        source: "Wang, Chen and Li 2013, Collaborative topic regression with social regularization",
        shape: shape(5_551, 16_980, 204_986, 0),
        checksum: Some("f3ff420ca7a58d965de67875bcc8c60f5d255ac3e09ee4c3131515e35ca64d7a"),
    },
    Known {
        name: "stackexchange-quantumcomputing",
        about: "a whole community, March to September 2018",
        licence: CC_BY_SA,
        source: DUMP,
        shape: None,
        checksum: Some("734fefca3df06ce0630cee5f3c3b1311458d613dc1a8059b8ab8d14db0137bc5"),
    },
    Known {
        name: "stackexchange-history-meta",
        about: "a quiet community over seven years",
        licence: CC_BY_SA,
        source: DUMP,
        shape: None,
        checksum: Some("d024b32f4011096c466a0bcf9422afa0420c42b211bb95a60b6dce0d17291692"),
    },
    Known {
        name: "ml-100k",
        about: "100,000 ratings of 1,682 movies by 943 members, 1997 and 1998",
        licence: GROUPLENS,
        source: RATINGS,
        shape: None,
        checksum: None,
    },
    Known {
        name: "ml-1m",
        about: "1,000,209 ratings of 3,706 movies by 6,040 members, 2000 to 2003",
        licence: GROUPLENS,
        source: RATINGS,
        shape: None,
        checksum: None,
    },
    Known {
        name: "ml-20m",
        about: "20,000,263 ratings of 26,744 movies by 138,493 members, 1995 to 2015",
        licence: GROUPLENS,
        source: RATINGS,
        shape: None,
        checksum: None,
    },
    Known {
        name: "ml-25m",
        about: "25,000,095 ratings of 59,047 movies by 162,541 members, 1995 to 2019",
        licence: GROUPLENS,
        source: RATINGS,
        shape: None,
        checksum: None,
    },
    Known {
        name: "MINDsmall_train",
        about: "impressions and clicks of 50,000 members of Microsoft News, six weeks of 2019",
        licence: "Microsoft Research License Terms: research, non-commercial",
        source: "Wu et al. 2020, MIND: a large-scale dataset for news recommendation",
        shape: None,
        checksum: None,
    },
];

/// Whether a data set is one that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Byte for byte this one.
    Exactly(&'static Known),
    /// It has this one's name, and other bytes: results do not compare with those on the known one.
    Differs(&'static Known),
    /// It has this one's name; whether it is that one cannot be told, for its checksum is not known.
    Named(&'static Known),
    /// None.
    Unknown,
}

impl Match {
    /// What a checksum says, else a name.
    #[must_use]
    pub fn of(name: &str, checksum: &str) -> Self {
        if let Some(known) = CATALOGUE.iter().find(|known| known.checksum == Some(checksum)) {
            return Self::Exactly(known);
        }
        match CATALOGUE.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
            Some(known) if known.checksum.is_some() => Self::Differs(known),
            Some(known) => Self::Named(known),
            None => Self::Unknown,
        }
    }

    /// What is known of it, where anything is.
    #[must_use]
    pub const fn known(self) -> Option<&'static Known> {
        match self {
            Self::Exactly(known) | Self::Differs(known) | Self::Named(known) => Some(known),
            Self::Unknown => None,
        }
    }

    /// One line for whoever evaluates.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Exactly(known) => format!("This is {}: {}.", known.name, known.about),
            Self::Differs(known) => format!(
                "The name is that of {} ({}), but the checksum is not: do not compare with published results.",
                known.name, known.about
            ),
            Self::Named(known) => {
                format!("The name is that of {} ({}); its checksum is not known here.", known.name, known.about)
            }
            Self::Unknown => "The catalogue does not know this data set.".to_owned(),
        }
    }
}

impl DataSet {
    /// Whether the catalogue knows this data set.
    #[must_use]
    pub fn known(&self) -> Match {
        Match::of(&self.name, &self.checksum)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::data;
    use super::super::{Options, load};
    use super::*;

    #[test]
    fn what_is_known_is_as_the_catalogue_says() {
        for known in CATALOGUE.iter().filter(|known| known.checksum.is_some()) {
            let Some(path) = data(known.name) else { continue };
            let set = load(&path, &Options::default()).unwrap();
            assert_eq!(set.known(), Match::Exactly(known));
            assert_eq!(set.licence, Some(known.licence));
            assert_eq!((set.members.len(), set.items.len()), (set.log.members(), set.log.items()));
            assert_eq!(set.features.len(), set.log.facts().content.cols());
            let given = set.given.as_ref().map_or(0, |log| log.events().len());
            let found = shape(set.log.members(), set.log.items(), set.log.events().len(), given);
            assert!(known.shape.is_none() || known.shape == found, "{}: {found:?}", known.name);
        }
    }

    #[test]
    fn another_of_the_same_name_is_told() {
        assert!(Match::of("Gowalla", "00").sentence().contains("do not compare"));
        assert!(matches!(Match::of("ml-1m", "00"), Match::Named(_)));
        assert_eq!(Match::of("mine", "00"), Match::Unknown);
    }
}
