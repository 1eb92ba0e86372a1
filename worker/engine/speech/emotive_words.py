"""Words that say how somebody feels, by language: our own short lists, plain words only.

`*` at an end stands for any ending, `_` for a space. Words that are as often polite or technical as felt ("sorry",
"great", "sharp", "critical") are left out: a missed hint costs nothing, a wrong face does.
"""

from worker.engine.contracts import Emotion

CALM, HAPPY, SAD, ANGRY, SURPRISED = Emotion.CALM, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY, Emotion.SURPRISED

EMOTIVE_SIGNS = {
    CALM: "😌 🧘 🕊 🍃 ☮",
    HAPPY: "😀 😃 😄 😁 😆 😊 🙂 😍 🥰 🤩 🥳 😂 🤣 😎 🎉 🎊 ❤ 💖 💕 👏 🙌 :) :-) :D :-D ^^",
    SAD: "😢 😭 😞 😔 ☹ 🙁 😿 💔 🥺 😥 :( :-( :'(",
    ANGRY: "😠 😡 🤬 👿 💢 😤",
    SURPRISED: "😮 😲 😯 😱 🤯 😳 ?! !? ⁉ ‽ ？！ ！？",
}

EMOTIVE_WORDS = {
    "en": {
        CALM: "calm* relax* peaceful* gently breathe_in breathe_out take_a_deep_breath soothing serene quietly",
        HAPPY: "happy happily happiness glad delighted joy joyful* thrilled excited celebrat* congratulations hooray "
        "yay wonderful* fantastic love_it so_proud can't_wait",
        SAD: "sad sadly sadness heartbroken grief griev* mourn* unhappy miserable tears cry crying cried passed_away "
        "lonely unfortunately miss_you miss_him miss_her",
        ANGRY: "angry angrily anger furious outrag* unacceptable disgust* disgrace* hate hates hated fed_up how_dare "
        "enough_is_enough",
        SURPRISED: "wow surprised surprise surprising* astonish* unbelievable amazed omg no_way can't_believe",
    },
    "de": {
        CALM: "ruhig* entspann* friedlich* gelassen* tief_durchatmen einatmen ausatmen sanft*",
        HAPPY: "glücklich* freue freuen froh frohe fröhlich* freude begeistert* herzlichen_glückwunsch juhu hurra "
        "wunderbar* großartig* fantastisch* toll tolle toller tolles",
        SAD: "traurig* trauer* unglücklich* weinen weint weinte tränen einsam* leider verstorben* vermisse",
        ANGRY: "wütend* wut zornig* empört* empörend* verärgert* hasse hasst unverschämt* inakzeptabel* reicht_es "
        "es_reicht frechheit",
        SURPRISED: "überrasch* erstaunlich* erstaunt unglaublich* wahnsinn kaum_zu_glauben donnerwetter",
    },
    "fr": {
        CALM: "calme* calmement détend* détente paisible* sérén* respirez respire doucement apais*",
        HAPPY: "heureu* joie joyeu* content contente contents contentes ravi ravie ravis félicitations hourra youpi "
        "merveilleu* fantastique* génial*",
        SAD: "triste* tristesse malheureu* pleur* larmes chagrin deuil décédé* seul_au_monde hélas manques",
        ANGRY: "colère furieu* scandaleu* inacceptable* déteste* énervé* honteu* ras-le-bol indigné* ça_suffit",
        SURPRISED: "surpris* étonn* incroyable* stupéfi* ouah oh_là_là pas_possible",
    },
    "es": {
        CALM: "calma* tranquil* relaj* respira respire seren* suavemente apacible*",
        HAPPY: "feliz felices felicidad alegr* contento contenta contentos felicidades enhorabuena viva maravillos* "
        "fantástic* encantad* genial",
        SAD: "triste* tristeza llor* lágrimas infeliz desgracia* falleci* solitari* lamentablemente te_extraño",
        ANGRY: "enfad* enoj* furios* ira rabia indign* inaceptable* odio odia vergonzos* basta_ya harto harta",
        SURPRISED: "sorpr* increíble* asombr* guau no_me_lo_puedo_creer no_puede_ser",
    },
    "it": {
        CALM: "calma calmo tranquill* rilass* respira respirate seren* dolcemente pacific*",
        HAPPY: "felice felici felicità gioia gioios* content* evviva congratulazioni auguri meraviglios* fantastic*",
        SAD: "triste* tristi tristezza piang* lacrime infelic* purtroppo scompars* lutto mi_manchi",
        ANGRY: "arrabbiat* furios* rabbia indign* inaccettabil* odio vergogn* basta_così stufo stufa",
        SURPRISED: "sorpres* sorprend* incredibil* stupit* stupefacent* wow non_ci_credo",
    },
    "pt": {
        CALM: "calma calmo calma* tranquil* relax* respire respira seren* suavemente",
        HAPPY: "feliz felizes felicidade alegr* contente* parabéns viva maravilhos* fantástic* adorei",
        SAD: "triste* tristeza chor* lágrimas infeliz infelizmente faleceu saudade* luto",
        ANGRY: "zangad* furios* raiva indign* inaceitáve* odeio vergonhos* chega_disso farto farta",
        SURPRISED: "surpres* surpreend* incríve* espantad* uau não_acredito nossa",
    },
    "nl": {
        CALM: "rustig* kalm* ontspan* vredig* adem_in adem_uit zachtjes sereen",
        HAPPY: "blij blije gelukkig* vrolijk* vreugde gefeliciteerd hoera geweldig* fantastisch* enthousiast* dolblij",
        SAD: "verdrietig* verdriet droevig* treurig* huilen huilt huilde tranen eenzaam* helaas overleden ongelukkig*",
        ANGRY: "boos boze woedend* woede kwaad schandalig* onacceptabel* onaanvaardbaar* haat walgelijk*",
        SURPRISED: "verrast verrassend* verrassing verbaasd* verbazingwekkend* ongelofelijk* ongelooflijk* wauw",
    },
    "sv": {
        CALM: "lugn* avslappn* slappna_av fridfull* andas_in andas_ut stilla",
        HAPPY: "glad glada lycklig* glädje gratulerar grattis hurra underbar* fantastisk* jätteglad*",
        SAD: "ledsen ledsna sorg sorglig* gråt* tårar ensam ensamma tyvärr avled olycklig*",
        ANGRY: "arg arga rasande ilska upprörd* upprörande oacceptabel* hatar skandal*",
        SURPRISED: "överrask* förvåna* otrolig* häpna* wow",
    },
    "nb": {
        CALM: "rolig* avslappe* slapp_av fredelig* pust_inn pust_ut",
        HAPPY: "glad glade lykkelig* glede gratulerer hurra vidunderlig* fantastisk* begeistret",
        SAD: "trist triste lei_meg sorg sørgelig* gråt* tårer ensom* dessverre ulykkelig*",
        ANGRY: "sint sinte rasende sinne opprørt opprørende uakseptabel* hater skandale*",
        SURPRISED: "overrask* forbløff* utrolig* wow",
    },
    "da": {
        CALM: "rolig* afslappe* slap_af fredelig* træk_vejret",
        HAPPY: "glad glade lykkelig* glæde tillykke hurra vidunderlig* fantastisk* begejstret",
        SAD: "trist triste ked_af_det sorg sørgelig* græd* tårer ensom* desværre ulykkelig*",
        ANGRY: "vred vrede rasende oprørt oprørende uacceptabel* hader skandale*",
        SURPRISED: "overrask* forbløff* utrolig* wow",
    },
    "fi": {
        CALM: "rauhalli* rauhassa rentou* levollis* hengitä tyyni",
        HAPPY: "iloinen iloisia iloisesti ilo iloa onnelli* onnea hurraa ihana* mahtava* innoissa*",
        SAD: "surulli* suru surua surun itke* kyyneleet kyyneliä yksinäi* valitettavasti murheelli*",
        ANGRY: "vihainen vihaisia viha vihaan raivoissa* raivo suuttu* törkeä* kohtuuton*",
        SURPRISED: "yllät* hämmästy* uskomaton* uskomatonta vau ohhoh",
    },
    "pl": {
        CALM: "spokojn* spokój zrelaks* odpręż* oddychaj łagodn*",
        HAPPY: "szczęśliw* szczęście radoś* rados* cieszę cieszymy gratulacje hurra wspaniał* fantastyczn* zachwycon*",
        SAD: "smutn* smutek płacz* łzy samotn* niestety zmarł* nieszczęśliw* tęsknię żałob*",
        ANGRY: "wściekł* złość zły_na gniew oburz* niedopuszczaln* nienawidz* skandal* mam_dość",
        SURPRISED: "zaskocz* zaskak* zdumi* niewiarygodn* niesamowit* nie_wierzę",
    },
    "cs": {
        CALM: "klid klidn* uvoln* dýchejte nadechn* poklidn*",
        HAPPY: "šťastn* štěstí radost* rádi_oslav* gratuluj* hurá nádhern* úžasn* fantastick* nadšen*",
        SAD: "smutn* smutek pláč* plak* slzy osamě* bohužel zemřel* nešťastn*",
        ANGRY: "naštvan* rozzlob* zlost vztek* zuřiv* nepřijateln* nenávid* pobouř* mám_dost",
        SURPRISED: "překvap* neuvěřiteln* ohromen* užasl* páni",
    },
    "ru": {
        CALM: "спокойн* спокойств* расслаб* умиротвор* вдохните выдохните безмятежн*",
        HAPPY: "счастлив* счастье рад рада рады радост* поздравля* ура замечательн* чудесн* восторг* восхитительн*",
        SAD: "грустн* грусть печальн* печаль плач* плака* слёзы слезы одинок* увы несчастн* скончал* скучаю горе",
        ANGRY: "злюсь злой злость сердит* ярость гнев* возмут* возмущ* недопустим* ненавиж* безобрази* надоело",
        SURPRISED: "удивл* удивит* неожиданн* невероятн* потряс* не_может_быть ничего_себе ого вот_это_да",
    },
    "uk": {
        CALM: "спокійн* спокій розслаб* умиротвор* вдихніть видихніть",
        HAPPY: "щаслив* щастя радий рада раді радіс* вітаю вітаємо ура чудов* прекрасн* захопл*",
        SAD: "сумн* сум печаль* плач* плака* сльози самотн* нажаль на_жаль нещасн* помер*",
        ANGRY: "злий злість сердит* лють гнів* обурен* обурлив* неприпустим* ненавид* набридло",
        SURPRISED: "здивов* дивовиж* несподіван* неймовірн* вражен* не_може_бути ого",
    },
    "tr": {
        CALM: "sakin* huzur* rahatla* nefes_al* dingin*",
        HAPPY: "mutlu* sevinç* sevindi* neşe* tebrik* kutlu_olsun yaşasın harika* muhteşem* heyecanlı*",
        SAD: "üzgün* üzüldü* üzücü üzüntü* ağla* gözyaş* yalnız_hisse* maalesef mutsuz* vefat* keder*",
        ANGRY: "kızgın* öfke* sinirli* rezalet* kabul_edilemez nefret* yeter_artık bıktım*",
        SURPRISED: "şaşır* şaşkın* inanılmaz* inanamıyorum vay_canına hayret*",
    },
    "el": {
        CALM: "ήρεμ* ηρεμ* γαλήν* χαλαρ* ανάπνευσ*",
        HAPPY: "χαρούμεν* χαρά ευτυχ* συγχαρητήρια ζήτω υπέροχ* φανταστικ* ενθουσιασμέν*",
        SAD: "λυπημέν* λύπη θλίψη θλιβερ* κλαί* δάκρυα δυστυχώς μοναξιά",
        ANGRY: "θυμωμέν* θυμός οργή έξαλλ* απαράδεκτ* μισώ ντροπή",
        SURPRISED: "έκπληξη έκπληκτ* απίστευτ* ουάου δεν_το_πιστεύω",
    },
    "ar": {
        CALM: "هادئ* هدوء سكينة استرخ* اهدأ تنفس*",
        HAPPY: "سعيد* سعادة فرح* مسرور* مبروك تهانينا رائع* مبهج*",
        SAD: "حزين* حزن بكاء أبكي يبكي دموع للأسف وحيد* توفي مؤلم*",
        ANGRY: "غاضب* غضب أكره مرفوض* عار استياء طفح_الكيل",
        SURPRISED: "مفاجأة مفاجئ* مذهل* مندهش* لا_أصدق لا_يصدق",
    },
    "hi": {
        CALM: "शांत शांति आराम_से सुकून गहरी_साँस",
        HAPPY: "खुश खुशी ख़ुश ख़ुशी प्रसन्न आनंद बधाई मुबारक शानदार",
        SAD: "दुखी दुःखी उदास दुख_की रोना रो_रह आँसू आंसू अकेला अफ़सोस अफसोस",
        ANGRY: "गुस्सा गुस्से क्रोध नाराज़ नाराज नफ़रत नफरत शर्मनाक बर्दाश्त_नहीं",
        SURPRISED: "हैरान आश्चर्य अचंभा अविश्वसनीय यकीन_नहीं वाह",
    },
    "zh": {
        CALM: "平静 平靜 放松 放鬆 宁静 寧靜 深呼吸 安宁 安寧",
        HAPPY: "高兴 高興 开心 開心 快乐 快樂 幸福 恭喜 太好了 太棒了 兴奋 興奮 祝贺 祝賀",
        SAD: "难过 難過 伤心 傷心 悲伤 悲傷 哭 眼泪 眼淚 遗憾 遺憾 孤独 孤獨 去世",
        ANGRY: "生气 生氣 愤怒 憤怒 气死 氣死 讨厌 討厭 可恶 可惡 太过分 太過分 忍无可忍 忍無可忍",
        SURPRISED: "惊讶 驚訝 惊喜 驚喜 没想到 沒想到 天哪 天啊 不敢相信 难以置信 難以置信 哇",
    },
    "ja": {
        CALM: "おだやか 穏やか 落ち着 おちつ リラックス 深呼吸 しずか",
        HAPPY: "うれし 嬉し たのし 楽し しあわせ 幸せ おめでとう やったー すてき 素敵 さいこう 最高",
        SAD: "かなし 悲し さびし 寂し さみし なみだ 涙 泣い 泣き ないて つらい 辛い ざんねん 残念",
        ANGRY: "怒っ 怒り おこって ゆるせな 許せな はらがたつ 腹が立 ふざけるな いいかげんにし むかつ",
        SURPRISED: "びっくり 驚い 驚き おどろ まさか しんじられな 信じられな なんと",
    },
    "ko": {
        CALM: "차분 편안 평온 천천히_숨 고요",
        HAPPY: "행복 기뻐 기쁘 기쁩 기쁜 즐거 즐겁 신나 축하 최고예요 만세",
        SAD: "슬프 슬퍼 슬픔 슬픈 슬픕 눈물 울었 외로 안타깝 그리워 우울",
        ANGRY: "화가_나 화났 화나 분노 짜증 용납할_수_없 미워 지긋지긋",
        SURPRISED: "놀라 놀랐 놀랍 깜짝 믿을_수_없 세상에 대박",
    },
}

# What turns the next word, or the one after it, into its opposite; then what does so from behind.
DENIED_BEFORE = {
    "en": "not never no don't doesn't didn't isn't wasn't aren't won't can't without hardly less",
    "de": "nicht kein keine keinen nie niemals ohne kaum weder",
    "fr": "pas jamais aucun aucune sans ni",
    "es": "no nunca jamás sin ni",
    "it": "non mai senza né",
    "pt": "não nunca jamais sem nem",
    "nl": "niet geen nooit zonder",
    "sv": "inte aldrig ingen inga utan",
    "nb": "ikke aldri ingen uten",
    "da": "ikke aldrig ingen uden",
    "fi": "en et ei emme ette eivät ole olen älä ilman",
    "pl": "nie nigdy bez ani",
    "cs": "ne není nejsem nikdy bez ani",
    "ru": "не нет никогда без ни",
    "uk": "не ні ніколи без",
    "el": "δεν μη μην ποτέ χωρίς",
    "ar": "لا ليس لست لم لن غير بدون بلا",
    "zh": "不 没 沒 别 別 无 無",
    "ko": "안",
}
DENIED_AFTER = {
    "tr": r"\s+değil",
    "hi": r"\s*(?:नहीं|मत)",
    "ja": r"(?:く|じゃ|では)(?:な|あり)",
    "ko": r"\w{0,2}\s*(?:지\s*(?:않|마|못)|하지\s*(?:않|마))",
}
UNSPACED = frozenset(("zh", "ja", "ko", "hi"))  # a word is found inside others: no spaces, or endings and vowel signs
