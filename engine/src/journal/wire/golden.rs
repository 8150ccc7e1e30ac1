//! What was ever written stays readable; hostile bytes are an error, never a panic.

use anklang_domain::{Body, Fact, Props, UnixMillis};
use proptest::prelude::*;
use serde_json::Value;

use super::super::JournalError;
use super::{Block, FORMAT, Gather, HEADER_BYTES, Header};

/// One fact of every sort, as NDJSON.
const SAMPLES: &[&str] = &[
    r#""type":"item_put","item":{"id":"1","title":"Grün","kind":"event","body":"b","tags":["a","b"],"category":"c",
       "author":"ana","language":"de","level":"expert","audience":{"tier":{"$gte":2}},"created_at":"2018-01-01T00:00:00Z",
       "starts_at":"2018-01-02T00:00:00Z","ends_at":"2018-01-03T00:00:00Z","url":"https://x.example","props":{"n":1}}"#,
    r#""type":"item_removed","item":"1""#,
    r#""type":"member_put","member":"ana","traits":{"interests":["a"],"score":0.1}"#,
    r#""type":"member_aliased","from":"x","to":"ana""#,
    r#""type":"member_erased","facts":3"#,
    r#""type":"engaged","member":"ana","verb":"viewed","site":true"#,
    r#""type":"engaged","member":"👩‍🌾","verb":"waved","tag":"rust","value":2.5,"props":{"a":[1]}"#,
    r#""type":"engaged","member":"ana","verb":"replied","item":"a/b""#,
    r#""type":"engaged","member":"ana","verb":"muted","author":"bob""#,
    r#""type":"engaged","member":"ana","verb":"followed","category":"c""#,
    r#""type":"served","member":"ana","slate":"s","list":"missed","policy":"default@1",
       "entries":[{"item":"1","propensity":0.3},{"item":"2","propensity":1,"discovery":true}]"#,
    r#""type":"exposed","member":"ana","unit":"ana","experiment":"e","variant":"b","props":{"k":"v"}"#,
    r#""type":"preference_set","member":"ana","category":"digest","channel":"mail","choice":"off","props":{"h":9}"#,
    r#""type":"configured","kind":"policy","key":"default","version":1,"document":{"a":1.5},"author":"eve""#,
    r#""type":"configured","kind":"policy","key":"default","version":2"#,
    r#""type":"message","member":"ana","message":"m","state":"sent","props":{"to":"a@x.example"}"#,
];

/// The block of [`samples`] as format 1 wrote it, first number 7, two blocks following.
const GOLDEN_V1: &str = "
     414b4a0107000000000000001000000002000000be020000e00100000100fc5e9b5a164f7d28b52ffd60be01b50e0036db5f3d406d9b
     03c343aa75b658c396f258d713865e8875d45c448a6a5b33b9b0579c812c92dca68078a06208742e02e7d6303186c4a47da9d842c3ed
     4da44c2954004a005100a0c9446a58ad9b008cb1b0110143c7980a214870e818b311ca00a2638eabc8fe9a51a037d9d957b53701909f
     7aecd4216b9833ecfc324c3d88c81c4895bee7a5c88bd5ba892c3c3e343a8c600b8f0f8d0d1d65be1d21005282f97639a2fef39507e2
     d4a1b46b990f4608e673ea10c470f7c07c5c9450647f7669b43680d1de17b2b5aa7df69556bd1170eaf055e68bccbb713e2ecaa6bd4d
     6f611c07bd240c38382e447ef152ad8ecfa722ab412871c25d0d43ea3f97655d73a2e2cac0477ded7024a70e17ccb79b99385cea2b0b
     fb6c52301f87112f647b6f914bb45cb54e1631f51eff481f2474842674253450085cbf85711cf412d0c55bf6557b1b50e96b118762d7
     f2e284ef79c859249127089acaba3048244ec855c8def436cd7941ab724e54b5cfa8a8893821d79e96fda0b748867f8a1372836eb7c2
     1b2000292306e6cce662ac88addce41d3bd8c1b2946f0babec250caedcaa0ea2b66bdb6ad75cc3053e92900d0cabf4d2311c40e8882f
     b24584a9e32eac8aaf3ec7d519fec1dcd61c095d8772186e63060700862705";

pub(in crate::journal) fn samples() -> Vec<Fact> {
    let fact = |(i, body): (usize, &&str)| {
        let received = if i % 2 == 0 { r#""received_at":"2018-08-15T09:00:01Z","source":"http","# } else { "" };
        let line = format!(r#"{{"id":"f{i}","at":"2018-08-15T09:00:00Z",{received}{body}}}"#);
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"))
    };
    SAMPLES.iter().enumerate().map(fact).collect()
}

fn seal(facts: &[Fact]) -> Vec<u8> {
    let mut gather = Gather::default();
    for fact in facts {
        gather.push(fact).expect("can be encoded");
    }
    gather.seal(7, 2).expect("can be sealed")
}

fn open(bytes: &[u8]) -> Result<Vec<Fact>, JournalError> {
    Block::read(7, bytes)?.facts().map(|fact| fact.map(|(fact, _)| fact)).collect()
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex");
    digits.chunks(2).map(byte).collect()
}

#[test]
fn what_format_1_wrote_is_read_for_ever() {
    let bytes = from_hex(GOLDEN_V1);
    let header = Header::read(7, &bytes).expect("a header");
    assert_eq!((header.first, header.count, header.follow), (7, SAMPLES.len() as u32, 2));
    assert_eq!(open(&bytes).expect("a block"), samples());
}

#[test]
fn format_1_still_writes_the_same_facts() {
    // zstd may compress otherwise in another version: the facts must be the same bytes, not the block.
    let now = Block::read(7, &seal(&samples())).expect("a block");
    let then = Block::read(7, &from_hex(GOLDEN_V1)).expect("a block");
    assert_eq!(now.raw, then.raw, "the block is now {}", hex(&seal(&samples())));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_newer_format_says_so() {
    let mut bytes = seal(&samples());
    bytes[3] = FORMAT + 1;
    assert!(matches!(open(&bytes), Err(JournalError::Version { block: 7, found: 2, known: 1 })));
}

#[test]
fn what_could_not_be_read_back_is_refused() {
    let mut deep = Value::Null;
    for _ in 0..120 {
        deep = Value::Array(vec![deep]);
    }
    let mut fact = samples().swap_remove(11);
    let Body::Exposed(exposure) = &mut fact.body else { panic!("not an exposure") };
    exposure.props.insert("deep".into(), deep);
    let mut gather = Gather::default();
    gather.push(&samples()[0]).expect("can be encoded");
    assert!(gather.push(&fact).is_err());
    assert_eq!(gather.count(), 1);
    let bytes = gather.seal(7, 0).expect("can be sealed");
    assert_eq!(open(&bytes).expect("a block"), samples()[..1]);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let props = prop::collection::vec((".{0,6}", json()), 0..4).prop_map(|map| map.into_iter().collect::<Props>());
    let fact =
        (0..SAMPLES.len(), props, any::<i64>(), ".{0,9}", any::<f64>()).prop_map(|(i, props, ms, text, value)| {
            let mut fact = samples().swap_remove(i);
            fact.at = UnixMillis::saturating(ms);
            fact.source = text.clone();
            match &mut fact.body {
                Body::ItemPut { item } => (item.props, item.title) = (props, text),
                Body::MemberPut(put) => put.traits = props,
                Body::Engaged(engagement) => {
                    engagement.props = props;
                    engagement.value = Some(value).filter(|value| !value.is_nan());
                }
                Body::Exposed(exposure) => (exposure.props, exposure.unit) = (props, text),
                Body::PreferenceSet(preference) => (preference.props, preference.choice) = (props, text),
                Body::Configured(configuration) => configuration.document = Some(Value::Object(props)),
                Body::Message(message) => (message.props, message.state) = (props, text),
                Body::ItemRemoved(_) | Body::MemberAliased(_) | Body::MemberErased(_) | Body::Served(_) => {}
            }
            fact
        });
    prop::collection::vec(fact, 1..20)
}

proptest! {
    #[test]
    fn facts_come_back_as_they_were(facts in facts()) {
        prop_assert_eq!(open(&seal(&facts)).expect("a block"), facts);
    }

    #[test]
    fn random_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(open(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_is_noticed(at in any::<prop::sample::Index>(), to in 1..=255_u8) {
        let mut bytes = seal(&samples());
        let at = at.index(bytes.len());
        bytes[at] ^= to;
        prop_assert!(open(&bytes).is_err(), "byte {at}");
    }

    #[test]
    fn a_cut_block_is_noticed(at in any::<prop::sample::Index>()) {
        let bytes = seal(&samples());
        prop_assert!(open(&bytes[..at.index(bytes.len())]).is_err());
    }

    /// Behind a checksum that is right: whoever can write that could write anything, and still nothing may panic.
    #[test]
    fn hostile_facts_are_an_error_or_facts(mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut gather = Gather::default();
        for fact in samples() {
            gather.push(&fact).expect("can be encoded");
        }
        for (at, to) in mutations {
            let at = at.index(gather.raw.len());
            gather.raw[at] = to;
        }
        let bytes = gather.seal(7, 0).expect("can be sealed");
        let _ = open(&bytes);
    }

    #[test]
    fn hostile_sizes_allocate_nothing(count in any::<u32>(), raw in any::<u32>(), payload in any::<u32>(), codec in 0..3_u8) {
        let mut bytes = seal(&samples());
        bytes[12..16].copy_from_slice(&count.to_le_bytes());
        bytes[20..24].copy_from_slice(&raw.to_le_bytes());
        bytes[24..28].copy_from_slice(&payload.to_le_bytes());
        bytes[28] = codec;
        prop_assert!(open(&bytes).is_err());
        prop_assert!(HEADER_BYTES < bytes.len());
    }
}
