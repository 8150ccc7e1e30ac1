//! From the name of an event to a verb. Names follow no rule ("Discussion Viewed", `item_viewed`, `postLiked`, "Added to
//! Bookmarks"), so they are taken apart into words, and the words say what was done.

use anklang_domain::Verb;

/// Words that mean a verb of ours, wherever they stand in a name.
const WORDS: &[(&str, Verb)] = &[
    ("viewed", Verb::Viewed),
    ("view", Verb::Viewed),
    ("read", Verb::Viewed),
    ("opened", Verb::Viewed),
    ("seen", Verb::Viewed),
    ("clicked", Verb::Clicked),
    ("click", Verb::Clicked),
    ("tapped", Verb::Clicked),
    ("selected", Verb::Clicked),
    ("replied", Verb::Replied),
    ("commented", Verb::Replied),
    ("liked", Verb::Liked),
    ("like", Verb::Liked),
    ("upvoted", Verb::Liked),
    ("favorited", Verb::Liked),
    ("favourited", Verb::Liked),
    ("loved", Verb::Liked),
    ("reacted", Verb::Liked),
    ("bookmarked", Verb::Bookmarked),
    ("bookmark", Verb::Bookmarked),
    ("bookmarks", Verb::Bookmarked),
    ("saved", Verb::Bookmarked),
    ("wishlist", Verb::Bookmarked),
    ("followed", Verb::Followed),
    ("follow", Verb::Followed),
    ("subscribed", Verb::Followed),
    ("watched", Verb::Followed),
    ("unfollowed", Verb::Unfollowed),
    ("unfollow", Verb::Unfollowed),
    ("unsubscribed", Verb::Unfollowed),
    ("unwatched", Verb::Unfollowed),
    ("muted", Verb::Muted),
    ("mute", Verb::Muted),
    ("hidden", Verb::Muted),
    ("blocked", Verb::Muted),
    ("unmuted", Verb::Unmuted),
    ("unmute", Verb::Unmuted),
    ("unblocked", Verb::Unmuted),
    ("unhidden", Verb::Unmuted),
    ("dismissed", Verb::Dismissed),
    ("dismiss", Verb::Dismissed),
    ("helpful", Verb::Helpful),
    ("shared", Verb::Shared),
    ("share", Verb::Shared),
    ("rsvp", Verb::Rsvp),
    ("rsvped", Verb::Rsvp),
    ("rsvpd", Verb::Rsvp),
    ("attended", Verb::Attended),
    ("attend", Verb::Attended),
    ("answered", Verb::Answered),
    ("voted", Verb::Answered),
];

/// Runs of words that mean something other than each of them alone; looked for first.
const PHRASES: &[(&[&str], Verb)] = &[
    (&["more", "like", "this"], Verb::MoreLikeThis),
    (&["less", "like", "this"], Verb::LessLikeThis),
    (&["not", "interested"], Verb::LessLikeThis),
    (&["checked", "in"], Verb::Attended),
    (&["registered", "for"], Verb::Rsvp),
    (&["event", "joined"], Verb::Rsvp),
];

/// What a member writes under an item.
const ANSWERS: &[&str] = &["reply", "comment", "answer"];
/// What is done to write it.
const WRITING: &[&str] = &["created", "create", "posted", "post", "added", "submitted", "sent", "published", "written"];
/// Words that turn the meaning of what follows round: "Bookmark Removed" is no bookmark.
const UNDOING: &[&str] =
    &["removed", "deleted", "undone", "cancelled", "canceled", "withdrawn", "unliked", "unsaved", "list"];

/// The verb of an event by this name; a name that says nothing of ours is a verb of its own, in snake case.
pub(crate) fn verb(name: &str) -> Verb {
    let words = words(name);
    let own = || Verb::named(&words.join("_"));
    for (phrase, verb) in PHRASES {
        if words.windows(phrase.len()).any(|run| run == *phrase) {
            return verb.clone();
        }
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(UNDOING) {
        return own();
    }
    if has(ANSWERS) && (has(WRITING) || words.len() == 1) {
        return Verb::Replied;
    }
    // The action stands last in "Discussion Viewed" and first in "viewed_discussion": a past tense last wins.
    let known = |word: &String| WORDS.iter().find(|(known, _)| known == word).map(|(_, verb)| verb.clone());
    words.iter().rev().find_map(known).unwrap_or_else(own)
}

/// The words of a name, in lower case: split at what is no letter or digit, and where a capital follows a small letter.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    let mut before_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            fresh = true;
            before_small = false;
            continue;
        }
        if fresh || (letter.is_uppercase() && before_small) {
            words.push(String::new());
        }
        fresh = false;
        before_small = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_as_people_write_them() {
        for (name, verb) in [
            ("Discussion Viewed", Verb::Viewed),
            ("item_viewed", Verb::Viewed),
            ("Viewed Discussion", Verb::Viewed),
            ("topicOpened", Verb::Viewed),
            ("Product Viewed", Verb::Viewed),
            ("Search Result Clicked", Verb::Clicked),
            ("Replied", Verb::Replied),
            ("Comment Created", Verb::Replied),
            ("reply", Verb::Replied),
            ("Comment Liked", Verb::Liked),
            ("post-liked", Verb::Liked),
            ("Product Added to Wishlist", Verb::Bookmarked),
            ("Tag Followed", Verb::Followed),
            ("Unfollowed Tag", Verb::Unfollowed),
            ("author_muted", Verb::Muted),
            ("More Like This", Verb::MoreLikeThis),
            ("less_like_this", Verb::LessLikeThis),
            ("Marked Helpful", Verb::Helpful),
            ("Event RSVP", Verb::Rsvp),
            ("Poll Answered", Verb::Answered),
        ] {
            assert_eq!(super::verb(name), verb, "{name}");
        }
        for (name, own) in [
            ("Signed Up", "signed_up"),
            ("Bookmark Removed", "bookmark_removed"),
            ("Comment Deleted", "comment_deleted"),
            ("Post Unliked", "post_unliked"),
            ("Discussion Created", "discussion_created"),
            ("Product List Viewed", "product_list_viewed"),
        ] {
            assert_eq!(super::verb(name), Verb::Custom(own.to_owned()), "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_verb_of_ours_is_its_own_name(at in 0_usize..17) {
            let ours = ["viewed", "clicked", "replied", "liked", "bookmarked", "followed", "unfollowed", "muted", "unmuted",
                "dismissed", "more_like_this", "less_like_this", "helpful", "shared", "rsvp", "attended", "answered"];
            prop_assert_eq!(verb(ours[at]), Verb::named(ours[at]));
        }

        #[test]
        fn how_a_name_is_written_does_not_matter(object in "[a-z]{3,8}", at in 0_usize..4) {
            let action = ["viewed", "liked", "followed", "muted"][at];
            let title = |word: &str| word[..1].to_uppercase() + &word[1..];
            let want = verb(&format!("{object}_{action}"));
            prop_assert_eq!(verb(&format!("{} {}", title(&object), title(action))), want.clone());
            prop_assert_eq!(verb(&format!("{object}{}", title(action))), want);
        }

        #[test]
        fn no_name_is_too_strange(name in ".{1,60}") {
            let _ = verb(&name);
        }
    }
}
