//! Titles, texts and replies that people could have written.

use anklang_domain::Stream;

use super::people::zipf;
use super::topics::{Phrase, TOPICS};

/// `{x}` is the thing, `{X}` the same at the start of a sentence, `{y}` another thing, `{c}` a circumstance.
const TITLES: [Phrase; 14] = [
    Phrase { en: "{X} {c}: what works for you?", de: "{X} {c}: Was klappt bei euch?" },
    Phrase { en: "How do you go about {x} {c}?", de: "Wie macht ihr das: {x} {c}?" },
    Phrase { en: "{X} {c}", de: "{X} {c}" },
    Phrase { en: "Beginner question: {x} {c}", de: "Einsteigerfrage: {x} {c}" },
    Phrase { en: "My experience with {x} {c}", de: "Meine Erfahrungen: {x} {c}" },
    Phrase { en: "{X} or {y}: where to start?", de: "{X} oder {y}: Womit anfangen?" },
    Phrase { en: "Looking for advice: {x} {c}", de: "Rat gesucht: {x} {c}" },
    Phrase { en: "What I wish I had known about {x}", de: "Was ich gern früher gewusst hätte: {x}" },
    Phrase { en: "{X}: am I doing it wrong?", de: "{X}: Mache ich etwas falsch?" },
    Phrase { en: "Three years of {x}, a summary", de: "Drei Jahre {x}, eine Bilanz" },
    Phrase { en: "{X}, {y} and not enough time", de: "{X}, {y} und zu wenig Zeit" },
    Phrase { en: "Has anybody tried {x} {c}?", de: "Hat das jemand probiert: {x} {c}?" },
    Phrase { en: "Unpopular opinion about {x}", de: "Unbeliebte Meinung zum Thema {x}" },
    Phrase { en: "Good books or videos on {x}?", de: "Gute Bücher oder Videos zum Thema {x}?" },
];

const OPENERS: [Phrase; 8] = [
    Phrase {
        en: "For a few weeks now I have been getting deeper into this: {x} {c}.",
        de: "Seit ein paar Wochen beschäftigt mich das Thema: {x} {c}.",
    },
    Phrase {
        en: "I have read a lot about {x}, but little of it fits my situation.",
        de: "Ich habe viel zum Thema {x} gelesen, aber wenig passt auf meine Lage.",
    },
    Phrase {
        en: "A friend talked me into {x}, and now I am hooked.",
        de: "Freunde haben mich überredet: {x}. Jetzt lässt es mich nicht mehr los.",
    },
    Phrase { en: "Last weekend it all went wrong, {c}.", de: "Am letzten Wochenende ging alles schief, {c}." },
    Phrase { en: "I used to do this very differently.", de: "Ich habe das früher ganz anders gemacht." },
    Phrase {
        en: "There was a thread on {x} some time ago, but it ended without an answer.",
        de: "Zum Thema {x} gab es schon einmal eine Diskussion, aber ohne Ergebnis.",
    },
    Phrase {
        en: "This is my first post here, so please be gentle.",
        de: "Das ist mein erster Beitrag hier, habt bitte Nachsicht.",
    },
    Phrase {
        en: "After two failed attempts I am asking those who know.",
        de: "Nach zwei gescheiterten Versuchen frage ich die, die sich auskennen.",
    },
];

const MIDDLES: [Phrase; 8] = [
    Phrase {
        en: "The first half is easy, then it stops making progress.",
        de: "Die erste Hälfte geht leicht, dann komme ich nicht weiter.",
    },
    Phrase { en: "Compared with {y} it is another world.", de: "Im Vergleich dazu ist {y} eine andere Welt." },
    Phrase {
        en: "Money is not the problem, time is: two evenings a week.",
        de: "Geld ist nicht das Problem, sondern Zeit: zwei Abende in der Woche.",
    },
    Phrase {
        en: "I kept notes and can share them if that helps.",
        de: "Ich habe mitgeschrieben und kann die Notizen gern teilen.",
    },
    Phrase {
        en: "Everybody says something else, and all sound sure.",
        de: "Jeder sagt etwas anderes, und alle klingen sicher.",
    },
    Phrase {
        en: "What surprised me most: it depends on the small things.",
        de: "Am meisten hat mich überrascht, dass es auf Kleinigkeiten ankommt.",
    },
    Phrase {
        en: "I tried the usual advice twice, with no difference that I could see.",
        de: "Die üblichen Ratschläge habe ich zweimal probiert, ohne sichtbaren Unterschied.",
    },
    Phrase {
        en: "It has to work {c}, that is the hard part.",
        de: "Es muss klappen, und zwar {c}, das ist das Schwierige.",
    },
];

const CLOSERS: [Phrase; 6] = [
    Phrase { en: "How do you do it?", de: "Wie macht ihr das?" },
    Phrase { en: "What would you try first?", de: "Was würdet ihr zuerst probieren?" },
    Phrase {
        en: "I would love to hear what went well for you, and what did not.",
        de: "Erzählt gern, was bei euch gut lief und was nicht.",
    },
    Phrase { en: "Any pointers are welcome.", de: "Über jeden Hinweis freue ich mich." },
    Phrase { en: "Am I missing something obvious?", de: "Übersehe ich etwas Offensichtliches?" },
    Phrase { en: "Pictures follow when there is daylight.", de: "Bilder folgen bei Tageslicht." },
];

const REPLY_OPENERS: [Phrase; 10] = [
    Phrase { en: "Same here.", de: "Geht mir genauso." },
    Phrase { en: "It took me a year to learn this:", de: "Dafür habe ich ein Jahr gebraucht:" },
    Phrase { en: "Thanks for bringing this up.", de: "Danke für die Frage." },
    Phrase { en: "I see it differently.", de: "Das sehe ich anders." },
    Phrase {
        en: "With {x} I would not worry too much.",
        de: "Beim Thema {x} würde ich mir nicht zu viele Sorgen machen.",
    },
    Phrase { en: "We had exactly that {c}.", de: "Genau das hatten wir auch, {c}." },
    Phrase { en: "Short answer: it depends.", de: "Kurze Antwort: Es kommt darauf an." },
    Phrase { en: "Good question.", de: "Gute Frage." },
    Phrase { en: "What do you have so far?", de: "Was hast du denn schon?" },
    Phrase { en: "Update from my side: it works now.", de: "Kurzer Stand von mir: Jetzt geht es." },
];

/// What a discussion's words are drawn from.
pub(super) struct Voice {
    topic: usize,
    thing: Phrase,
    other: Phrase,
    circumstance: Phrase,
    german: bool,
}

impl Voice {
    /// The voice of a discussion with these tags, by their numbers.
    pub(super) fn of(tags: &[usize], german: bool, rng: &mut Stream) -> Self {
        let first = tags.first().copied().unwrap_or_default();
        let topic = first / 12;
        let second = match tags.get(1) {
            Some(tag) if tag / 12 == topic => tag % 12,
            Some(_) | None => (first % 12 + 1 + rng.below(11)) % 12,
        };
        let (thing, other) = (TOPICS[topic].tags[first % 12].1, TOPICS[topic].tags[second].1);
        let circumstances = &TOPICS[topic].circumstances;
        Self { topic, thing, other, circumstance: circumstances[rng.below(circumstances.len())], german }
    }

    pub(super) fn title(&self, rng: &mut Stream) -> String {
        self.say(&TITLES[zipf(rng, TITLES.len())])
    }

    pub(super) fn body(&self, rng: &mut Stream) -> String {
        let mut text = self.say(&OPENERS[rng.below(OPENERS.len())]);
        let middle = rng.below(MIDDLES.len());
        for step in 0..=rng.below(3) {
            text.push(' ');
            text.push_str(&self.say(&MIDDLES[(middle + step) % MIDDLES.len()]));
        }
        text.push_str("\n\n");
        text.push_str(&self.say(&CLOSERS[rng.below(CLOSERS.len())]));
        text
    }

    pub(super) fn reply(&self, rng: &mut Stream) -> String {
        let opener = self.say(&REPLY_OPENERS[rng.below(REPLY_OPENERS.len())]);
        let advice = &TOPICS[self.topic].advice;
        format!("{opener} {}", advice[rng.below(advice.len())].get(self.german))
    }

    fn say(&self, template: &Phrase) -> String {
        let mut rest = template.get(self.german);
        let mut said = String::with_capacity(rest.len() + 32);
        while let Some(open) = rest.find('{') {
            said.push_str(&rest[..open]);
            let slot = rest[open..].chars().nth(1);
            rest = rest.get(open + 3..).unwrap_or_default();
            match slot {
                Some('c') => said.push_str(self.circumstance.get(self.german)),
                Some('y') => said.push_str(self.other.get(self.german)),
                Some('X') => push_capital(&mut said, self.thing.get(self.german)),
                Some(_) | None => said.push_str(self.thing.get(self.german)),
            }
        }
        said.push_str(rest);
        said
    }
}

fn push_capital(said: &mut String, words: &str) {
    let mut letters = words.chars();
    said.extend(letters.next().into_iter().flat_map(char::to_uppercase));
    said.push_str(letters.as_str());
}
