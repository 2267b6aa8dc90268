"""The document cases: sources and ids that careless tools change or lose (es-dump.md, sections 2 and 3.5)."""

from case import Document, DocumentCase

# Maps nothing, so that no value is refused for its type.
INDEX = "documents"
SETTINGS = {"number_of_shards": 5, "number_of_replicas": 0}
MAPPINGS = {"dynamic": False}


def one(name, what, source, id=None, routing=None, **more):
    source = source.encode() if isinstance(source, str) else source
    return DocumentCase(name, what, [Document(id or name, source, routing)], **more)


def nested(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


NUMBERS = [
    one("exponent", "1.50e0 stays 1.50e0", '{"a":1.50e0,"b":1E3,"c":1e-7,"d":100e-2}'),
    one("trailing-zeros", "1.0, 0.0, 1.10 and 100.000 keep their zeros", '{"a":1.0,"b":0.0,"c":1.10,"d":100.000}'),
    one("minus-zero", "-0.0 and -0", '{"a":-0.0,"b":-0}'),
    one("beyond-double", "1e400, which no double holds", '{"a":1e400,"b":-1e400,"c":1e-400}'),
    one("thirty-digits", "an integer of 30 digits", '{"a":123456789012345678901234567890}'),
    one("int64-edges", "the ends of 64 bits", '{"a":9223372036854775807,"b":-9223372036854775808,"c":18446744073709551615}'),
    one("beyond-2-53", "integers that a double rounds", '{"a":9007199254740993,"b":[9007199254740995]}'),
    one("long-fraction", "a fraction of 40 digits", '{"a":0.1234567890123456789012345678901234567890}'),
]

TEXTS = [
    one("escapes", "escapes and characters stay what they were", '{"a":"\\u00e9","b":"é","c":"\\/","d":"/","e":"\\u0041"}'),
    one("surrogates", "a pair as escapes, the character, and a lone half", '{"a":"\\ud83d\\ude00","b":"😀","c":"\\ud83d","d":"\\udc00x"}'),
    one("escaped-controls", "escaped control characters", '{"a":"\\u0000\\u001f\\b\\f\\n\\r\\t\\u007f"}'),
    one("line-separators", "raw U+2028, U+2029 and U+0085", '{"a":"\u2028\u2029\u0085"}'),
    one("invalid-utf8", "bytes that are no UTF-8: an overlong form, a half of a pair", b'{"a":"\xc0\xaf","b":"\xed\xa0\x80"}'),
    one("quotes-and-braces", "text that looks like structure", '{"a":"}],\\"_source\\":{\\"b\\":1}}\\\\"}'),
    one("combining", "the same letter composed and decomposed", '{"é":"é","e\u0301":"e\u0301"}'),
    one("right-to-left", "Arabic, Hebrew, direction marks", '{"a":"\u202eשלום\u202c سلام"}'),
    one("megabyte-string", "a string of 1 MB", b'{"a":"' + b"x\\n" * 340_000 + b'"}'),
]

SPACES = [
    one("raw-newlines", "a document over several lines", '{\n  "a" : [ 1,\n    2 ]\n}'),
    one("crlf", "lines ended by CR LF", '{\r\n  "a": 1,\r\n  "b": "x"\r\n}'),
    one("return-at-end", "a CR behind the document", '{"a":1}\r'),
    one("newline-at-end", "a newline behind the document", '{"a":1}\n'),
    one("outer-spaces", "spaces and tabs around the document", ' \t {"a":1} \t '),
    one("inner-spaces", "spaces between the tokens", '{ "a" :\t1 , "b" : [ ] , "c" : { } }'),
    one("block-comment", "a comment that looks like the end", '{/* " } */"a":1/**/}'),
    one("line-comment", "a comment to the end of its line", '{"a":1 // " }\n,"b":2}'),
    one("byte-order-mark", "a BOM before the document", b'\xef\xbb\xbf{"a":1}'),
]

SHAPES = [
    one("key-order", "keys in their order, not sorted", '{"z":1,"a":2,"m":{"y":1,"b":2},"A":3,"10":1,"9":2}'),
    one("keys-by-case", "keys that differ by case alone", '{"name":1,"Name":2,"NAME":3}'),
    one("dotted-keys", "a dotted key beside the object", '{"a.b":1,"a":{"c":2},"x.y.z":{"q.r":3}}'),
    one("empty-object", "a document without fields", "{}"),
    one("empty-values", "null, empty arrays, objects and text", '{"a":null,"b":[],"c":{},"d":"","e":[null],"f":[[]],"g":[{}]}'),
    one("mixed-arrays", "arrays of arrays and of all kinds", '{"a":[[1,[2,[3]]],"x",{"b":[true,null,1.0]}],"b":[1,1,0,1]}'),
    one("deep", "400 objects in each other", nested(400)),
    one("thousand-fields", "1,000 fields", "{" + ",".join(f'"field {n:04}":{n}.0' for n in range(1000)) + "}"),
    one("five-megabytes", "a document of 5 MB", '{"rows":[' + ",".join(f'{{"n":{n},"t":"row ø {n}"}}' for n in range(170_000)) + "]}"),
    one("strange-keys", "keys of spaces, quotes and signs", '{"a b":1,"\\"":2,"$ref":3,"\\u00e9":4,"#":5,"/":6}'),
    one("metadata-names", "fields with names that bulk lines use", '{"index":{"_id":"x"},"create":1,"delete":{},"update":{"_routing":"r"}}'),
]

IDS = [
    one("id-512-bytes", "an id of 512 bytes", '{"a":1}', id="i" * 512),
    one("id-512-bytes-of-signs", "an id of 512 bytes that JSON writes longer", '{"a":1}', id='"\\' * 256),
    one("id-spaces", "an id of spaces", '{"a":1}', id=" a  b "),
    one("id-path", "ids that look like paths", '{"a":1}', id="../a/b/./c?d=e#f"),
    one("id-dots", "the ids . and ..", '{"a":1}', id=".."),
    one("id-dot", "the id .", '{"a":1}', id="."),
    one("id-percent", "percent signs and plus", '{"a":1}', id="%2F%25+%"),
    one("id-unicode", "composed, decomposed and beyond 16 bits", '{"a":1}', id="é e\u0301 😀 \u2028"),
    one("id-quotes", "quotes and backslashes", '{"a":1}', id='"\\"\\u0041\'`'),
    one("id-controls", "control characters", '{"a":1}', id="a\nb\tc\rd\x00e\x1f"),
    DocumentCase(
        "ids-like-numbers",
        "ids that a number would merge",
        [Document(id, f'{{"id":"{id}"}}'.encode()) for id in ("1", "01", "1.0", "1e0", "+1", "-0", "9223372036854775808")],
    ),
    DocumentCase(
        "ids-like-patterns", "ids that patterns would take", [Document(id, b'{"a":1}') for id in ("*", "a*", "_all", "-", "null", "true")]
    ),
]

ROUTINGS = [
    DocumentCase(
        "one-id-in-two-shards",
        "the same id in several shards, by routing",
        [Document("twice", f'{{"routed":"{routing}"}}'.encode(), routing) for routing in ("b", "c", "d", "six")],
    ),
    one("routing-signs", "routing with signs", '{"a":1}', routing="r /?&=#%+\"\\é"),
    one("routing-number", "routing like a number", '{"a":1}', routing="01.0"),
    one("routing-spaces", "routing with outer spaces", '{"a":1}', routing=" a "),
    one("routing-long", "routing of 2,000 characters", '{"a":1}', routing="r" * 2000),
]

CASES = NUMBERS + TEXTS + SPACES + SHAPES + IDS + ROUTINGS
