"""espeak-ng's voices as a creator should meet them: names, order, and the tags people type for them."""

# Tests, constructed languages of fiction, and second spellings of a language that is listed already.
HIDDEN_VOICES = frozenset(
    {"xex", "piqd", "qya", "sjn", "qdb", "py", "jbo", "en-shaw", "cmn-latn-pinyin", "yue-latn-jyutping", "fa-latn"}
    | {"lfn", "io", "ru-cl", "ru-lv", "ca-ba", "ca-nw", "ca-va", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "mto", "grc"}
)

LANGUAGE_NAMES = {
    "en-us": "English (United States)",
    "en-gb-x-rp": "English (Britain, received)",
    "en": "English (Britain)",
    "en-gb-scotland": "English (Scotland)",
    "en-029": "English (Caribbean)",
    "en-us-nyc": "English (New York)",
    "es": "Spanish (Spain)",
    "es-419": "Spanish (Latin America)",
    "fr": "French",
    "fr-be": "French (Belgium)",
    "fr-ch": "French (Switzerland)",
    "pt": "Portuguese (Portugal)",
    "pt-br": "Portuguese (Brazil)",
    "cmn": "Chinese (Mandarin)",
    "yue": "Chinese (Cantonese)",
    "hak": "Chinese (Hakka)",
    "chr-us-qaaa-x-west": "Cherokee",
    "nb": "Norwegian",
    "hy": "Armenian (Eastern)",
    "hyw": "Armenian (Western)",
    "ja": "Japanese (kana)",
    "vi": "Vietnamese (North)",
    "vi-vn-x-central": "Vietnamese (Central)",
    "vi-vn-x-south": "Vietnamese (South)",
    "my": "Burmese",
    "ga": "Irish",
    "gd": "Scottish Gaelic",
    "la": "Latin",
    "mi": "Māori",
    "nci": "Nahuatl",
}

# Most asked for first, relatives together; everything else follows by name.
VOICE_ORDER = (
    *("en-us", "en-gb-x-rp", "en", "en-gb-scotland", "es", "es-419", "fr", "de", "it", "pt-br", "pt", "nl"),
    *("pl", "sv", "nb", "da", "fi", "cs", "sk", "hu", "ro", "el", "tr", "ru", "uk", "cmn", "yue", "ja", "ko", "vi"),
    *("th", "id", "ms", "hi", "bn", "ur", "ta", "te", "mr", "ar", "fa", "he", "sw"),
)

VOICE_ALIASES = {
    "en-gb": "en",
    "en-uk": "en",
    "fr-fr": "fr",
    "de-de": "de",
    "es-es": "es",
    "es-mx": "es-419",
    "it-it": "it",
    "pt-pt": "pt",
    "zh": "cmn",
    "zh-cn": "cmn",
    "zh-tw": "cmn",
    "zh-hk": "yue",
    "no": "nb",
    "nn": "nb",
    "ja-jp": "ja",
    "ko-kr": "ko",
    "ru-ru": "ru",
    "nl-nl": "nl",
    "sr-latn": "sr",
}
