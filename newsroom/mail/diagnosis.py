"""Whose fault is a refusal? One judge for SMTP answers, bounce mails and providers' events.

Sources: RFC 3463 and IANA's registry of enhanced status codes; texts as sisimai/rb-sisimai (2024)
collects them. Where neither code nor text says it, the answer is “not now”, never “for ever”.
"""

import re
from enum import StrEnum


class Verdict(StrEnum):
    """What a refusal, a bounce or an event says."""

    DEAD = "dead"  # nobody reads this address
    SOFT = "soft"  # its mailbox is full, or it can't be reached now
    US = "us"  # we are refused: policy, reputation, content, sender. Says nothing of the address
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    NOTHING = "nothing"  # a delay, an automatic reply, “this is not spam”
    # Not even tried: the address is on a list of the provider's own, for a cause it may tell.
    LISTED = "listed"
    LISTED_DEAD = "listed as dead"
    LISTED_COMPLAINT = "listed after a complaint"


class Stage(StrEnum):
    """What an SMTP server was answering."""

    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"


# Also with a quoted local part, and inside a URL. Begins where a word does: others write the text.
ADDRESS = re.compile(
    r"(?<![^\s\"<>(])(?:\"[^\"]*\"|[^\s\"<>(]+)(?:@|%40)[^\s\"<>)]+", re.IGNORECASE
)
MOST = 4000  # characters of a text that are looked at
ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")

# As Mailgun, SparkPost, Postmark, SES and Resend say it. A receiver's server may say “suppressed”
# of us or of the mail, too, and means nobody's address by it.
LISTED = re.compile(
    r"(?<!sender )(?<!from )\b(recipient|address)\s(address\s)?"
    r"((is|was|has been)\s(\S+\s){0,3}?)?suppressed"
    r"|suppressed sending to|suppression list|previously bounced|marked as inactive",
    re.I,
)
CAUSES = [
    (re.compile(r"complain|spam", re.I), Verdict.LISTED_COMPLAINT),
    (re.compile(r"unsubscri", re.I), Verdict.UNSUBSCRIBE),
    (re.compile(r"bounce|invalid|no longer exist", re.I), Verdict.LISTED_DEAD),
]

# Names of hosts and pages say little of a refusal: “antispam.example.org said: user unknown”.
PAGES = re.compile(r"\bhttps?://\S+", re.I)
HOSTS = re.compile(r"(?<![\w./-])(?:[a-z][\w-]*\.){2,}[a-z]{2,}\b", re.I)

# In this order: words about us stand beside any code, full mailboxes are sent as 5.1.1 too.
WORDS = [
    (Verdict.US, r"""
        spam | unsolicited | \bbulk\b | black ?list | block ?list | deny ?list | \b(dns|r)bl\b
      | blocked\ using | spamhaus | barracuda | reputation | banned | \bpolic(y|ies)\b
      | (?<!un)authenticat | unauthenticated | \b(spf|dkim|dmarc)\b | reverse\ dns | \bptr\b
      | \bhelo\b | rdns | virus | malware | phish | attachment | unusual\ (rate|traffic)
      | rela(y|ying)\ (access\ )?(is\ )?(denied|not\ (permitted|allowed)|prohibited)
      | (unable|not\ allowed|not\ permitted)\ to\ relay
      | (denied|prohibited)\ rela(y|ying)
      | sender\ (address\ |domain\ |host\ |verif\w*\ )?(is\ )?
        (rejected|denied|blocked|refused|failed|not\ accepted|invalid|unknown|does\ not\ exist)
      | (invalid|unknown|unverified|bad|illegal)\ (sender|return.path)
      | \b(daily|sending|user\ sending|outgoing)\ (message\ |mail\ )?(quota|limit)
      | \b(ip|ip\ address|server|client|connecting\ host|domain|network)\W+(\S+\ ){0,4}?
        (is\ |was\ |has\ been\ |are\ )?(blocked|refused|denied|listed)
      | content\ (is\ )?(rejected|blocked|denied|not\ accepted) | (message|mail)\ (content|header)
      | (?<!mailbox\ )(message|size|mail)\ (is\ )?(too\ (large|big)|exceeds|limit)
      | (?<!mailbox\ )exceeds?\ .{0,30}\bsize | administrative(ly)?\ prohibit | ipcheck\.
      | blocked\ sender
      | \b(tss\d\d|ph01|bl21|cs01|hme1|s3140|s3150)\b | \[(10[234]|40[1-5]|506|510|517)\]
      | _(10[234]|40[1-5]|506|510|517)\b | excessive\ volume | complaint
    """),
    (Verdict.SOFT, r"""
        quota | mailbox\ (is\ )?full | mailbox\ size\ limit | gr[ae]y\ ?list
      | \bfull\ (mailbox|inbox)\b
      | (inbox|storage|maildrop)\ .{0,20}full | out\ of\ (storage|space|disk)
      | insufficient\ (system\ |disk\ )?(storage|space)
      | exceeded\ .{0,20}(storage|allocation|quota) | (receiving|sent)\ .{0,40}\b(rate|quickly)\b
      | too\ quickly | (mailbox|account)\ .{0,20}(archived|locked)
      | pleine\b | \[(417|420|426)\] | _(417|420|426)\b
    """),
    (Verdict.DEAD, r"""
        (user|recipient|mailbox|account|addressee|address)\ (is\ )?
        (unknown|not\ found|inactive|disabled)
      | unknown\ (user|recipient|mailbox|account|local.part|address)
      | no\ such\ (user|recipient|mailbox|account|person|address|domain|local|name|host)
      | (user|recipient|mailbox|account|addressee|address|domain|person)\b.{0,60}?
        \b(does\ not|doesn.?t|not)\ exist
      | (mailbox|account|address|user|recipient|domain)\b.{0,60}?\b(is\ |has\ been\ |was\ )?
        (disabled|deactivated|discontinued|closed|deleted|removed|inactive)
      | (mailbox|address|account|user)\b.{0,40}?\bno\ longer\b
      | (invalid|non.?existent|bad\ destination)\ (recipient|mailbox|user|e?-?mail\ address|address)
      | (does\ not|doesn.?t)\ have\ an?\ .{0,80}?\baccount\b | delivery\ error:\ dd\b
      | unknown\ in\ .{0,40}\btable\b | recipient\s?not\s?found | recipient\s?does\s?not\s?exist
      | not\ (a\ valid|our)\ (user|mailbox|recipient|customer) | no\ (mailbox|user)\ (here|by)
      | unrout(e)?able\ address | (host|domain)\ ((or\ domain\ )?name\ )?not\ found
      | does\ not\ accept\ mail | null\ mx | not\ known\ here | undeliverable\ address
      | 5\.4\.1\b.*recipient\ address\ rejected:\ access\ denied | \[416\] | _416\b
    """),
]  # fmt: skip
PATTERNS = [(verdict, re.compile(words, re.I | re.X | re.S)) for verdict, words in WORDS]

# The enhanced status: a whole one before its class. What is in neither says too little.
STATUSES = {
    **dict.fromkeys(["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"], Verdict.DEAD),
    **dict.fromkeys(["5.7.17", "5.7.18"], Verdict.DEAD),  # the mailbox has another owner now
    **dict.fromkeys(["5.1.7", "5.1.8", "4.1.7", "4.1.8"], Verdict.US),  # the sender's address
    **dict.fromkeys(["5.2.3", "5.4.5"], Verdict.US),  # the message's length; our quota at Google
    **dict.fromkeys(["5.2.2", "4.2.2", "5.3.1", "5.4.7"], Verdict.SOFT),
    **dict.fromkeys(["5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.5.0"], Verdict.NOTHING),
}
CLASSES = {"3": Verdict.US, "5": Verdict.US, "6": Verdict.US, "7": Verdict.US}
CLASSES_FOR_NOW = {"5": Verdict.US, "7": Verdict.US}
CERTAIN = {  # whatever is said
    *("5.1.7", "5.1.8", "4.1.7", "4.1.8", "5.2.2", "4.2.2", "5.4.5", "5.7.17", "5.7.18"),
}
# “Not authorised”, for whatever: Yandex and old servers say it of who does not exist, too.
VAGUE = {"5.7.0", "5.7.1"}


def by_words(text: str) -> Verdict | None:
    """What the words alone say; None: nothing that we know."""
    said = ADDRESS.sub(" ", text[:MOST])
    if LISTED.search(said):
        return Verdict.LISTED
    said = HOSTS.sub(" ", said)
    for words in (PAGES.sub(" ", said), said):
        for verdict, pattern in PATTERNS:
            if pattern.search(words):
                return verdict
    return None


def by_status(status: str) -> Verdict | None:
    """What an enhanced status (“5.1.1”) says; None: too little."""
    if found := STATUSES.get(status):
        return None if found == Verdict.NOTHING else found
    finality, _, rest = status.partition(".")
    classes = CLASSES if finality == "5" else CLASSES_FOR_NOW
    return classes.get(rest.partition(".")[0])


def judge(text: str, status: str = "") -> Verdict:
    """DEAD, SOFT, US or LISTED, for what failed for good: by its enhanced status and its words.

    ``status`` is what a report says beside the words; one that says nothing (5.0.0) gives way to
    those inside them.
    """
    statuses = [*ENHANCED.findall(status), *ENHANCED.findall(ADDRESS.sub(" ", text[:MOST]))]
    final = [one for one in statuses if one[0] == "5"] or statuses  # others may be quoted
    told = [(one, by_status(one)) for one in final]
    code, by_code = next(((one, said) for one, said in told if said), ("", None))
    words = by_words(text)
    if words == Verdict.LISTED:
        return words
    if code in CERTAIN and by_code:
        return by_code
    for_now = final and final[0][0] == "4"  # given up in the end, and yet it may come back
    if words == Verdict.DEAD and (for_now or code in VAGUE):  # words and code disagree
        return Verdict.SOFT
    if words == Verdict.DEAD and by_code:  # a status that says more than 5.0.0 knows better
        return by_code
    return words or by_code or Verdict.SOFT


def by_smtp(stage: Stage, text: str) -> Verdict:
    """Of a server's answer. Only at RCPT it is about the reader by itself; before and after, about
    us, unless its words name the mailbox (Postfix and others put off checks of us to RCPT)."""
    if stage == Stage.RCPT:
        return judge(text)
    named = judge(text) if by_words(text) in (Verdict.DEAD, Verdict.SOFT) else Verdict.US
    return named if stage == Stage.DATA else Verdict.US


def cause(text: str) -> Verdict:
    """Why an address is on the provider's own list, if it says."""
    return next((why for words, why in CAUSES if words.search(text)), Verdict.LISTED)


INVALID = re.compile(
    r"invalid|not (a )?valid|malformed|illegal|marked as inactive|missing final", re.I
)
# What a call says for all its recipients: no address is meant by it.
CALL = re.compile(r"variable|merge|template|substitution|json|header|\bkeys?\b|domain is not", re.I)
RECIPIENT = re.compile(r"\b(to|recipients?|destination|rcpt|inactive)\b", re.I)
SENDER = re.compile(r"\b(from|sender|sending|reply.?to|return.?path)\b", re.I)


def about_recipient(text: str) -> bool:
    """Does a provider's refusal of a call speak of an address that we send to?"""
    said = ADDRESS.sub(" ", text[:MOST])
    others = SENDER.search(said) or CALL.search(said)
    return bool(INVALID.search(said) and RECIPIENT.search(said) and not others)


def anonymous(text: str, email: str = "") -> str:
    """A server's words without whom they are about, on one line of at most 200 characters."""
    said = ADDRESS.sub("‹address›", text if len(text) < MOST else text[:MOST].rpartition(" ")[0])
    for name in (email, email.rpartition("@")[0]):
        if name:
            said = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "‹address›", said, flags=re.I)
    return " ".join(said.split())[:200]
