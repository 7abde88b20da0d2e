"""What speaks for Amharic, Tigrinya, Oromo, English and Amharic in Latin letters: words, letters and affixes.

Own lists, from the languages' grammars: pronouns, prepositions, conjunctions, forms of "to be" and "to have", question
words, and what shops say. A word that two languages of one script share stands in neither list. Ethiopic words are
spelled as `text.amharic.normalise` leaves them; Latin ones in small letters.
"""

from adgen_pipeline.text.amharic import HOMOPHONES

_L1 = str.maketrans(HOMOPHONES)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.translate(_L1).split())


AMHARIC = _words("""
    ነው ነዉ ናቸው ናት ነኝ ነህ ነን ናችሁ ነበር ነበረው ነበሩ አለ አለው አላት አሉ አለን አሉን አላቸው አለኝ አላችሁ የለም የለንም የለውም አይደለም አይደሉም
    ሆነ ሆኖ ሆነው ይሆናል ይሆናሉ የሆነ የሆኑ የሆነው መሆኑን ሲሆን ሲሆኑ ከሆነ ከሆኑ ስለሆነ ቢሆን ይሁን ያለው ያላቸው ያሉ ያለ ይችላል ይችላሉ እና ወይም
    ወይንም ግን ደግሞ ደሞ እንጂ እንደ ወደ ጋር ጋራ ላይ ውስጥ ውጭ ውጪ ስር በታች በላይ ፊት ኋላ በኋላ በፊት መካከል ድረስ ጀምሮ ብቻ ሁሉ ሁሉም ሁሉንም ይህ
    ይሄ ይህን ይህንን ይህች ያንን እነዚህ እነዚያ እሱ እሷ እነሱ እርሱ እርሷ እኛ እናንተ እርስዎ የእኛ የኛ የእኔ የእሱ የእርስዎ የእርሶ ማን የት መቼ እንዴት
    ለምን ስንት የትኛው እዚህ እዚያ አሁን አሁኑኑ ዛሬ ትናንት ነገ በጣም እጅግ ጥቂት ብዙ ሌላ ሌሎች አንድ ሁለት ሦስት ሶስት አራት አምስት ጊዜ ወቅት ለማዘዝ
    ለመግዛት ይደውሉ ይደውሉልን ደውሉ ይዘዙ ይምጡ ይግዙ ይጎብኙ ያግኙ ይሞክሩ ዋጋው ዋጋቸው ቅናሽ ከነጻ ገብቷል ገብተዋል ገባ የገባ አስገብተናል አዲስ ጥራት ጥራቱ
    ሱቅ ፎቅ አጠገብ ልጆች ለልጆች ሴቶች ወንዶች ለሴቶች ለወንዶች ይቀላቀሉ ቁጥር ዕቃ እቃ ዕቃዎች እቃዎች በነፃ ካሉበት ያሉበት እናደርሳለን እናመሰግናለን አድራሻ
    አድራሻችን አመሰግናለሁ እባክዎ እባካችሁ ውድ ደንበኞቻችን ቤተሰብ ተብሎ ብሎ አድርጎ ሰው ሰዎች ቀን ሳምንት ወር ጥሩ ቆንጆ ምርጥ ልዩ
""")
TIGRINYA = _words("""
    እዩ እያ እዮም እየን እየ ኢኻ ኢኺ ኢና ኢኹም ኣይኮነን ኣይኮነትን ኣይኮኑን ነይሩ ነይራ ነይሮም ነበረት ኣሎ ኣላ ኣለዉ ኣለው ኣለዋ ኣለና ኣለኩም ኣለኒ ኣለዎ
    ኣለዎም ኣሎና የለን የብልናን የብሉን ኮይኑ ኮይና ኮይኖም ኮነ ኮይንኩም ክኸውን ይኸውን ዝኾነ ዝኾነት ዝኾኑ ዘላ ዘለዉ ዘለው ዘለዎ ዘለዎም ዘለና ዝነበረ
    ኣብ ኣብቲ ኣብታ ኣብዚ ኣብዛ ኣብኡ ኣብኣ ካብ ካብቲ ካብታ ካብዚ ካብኡ ናይ ናይቲ ናይታ ናይዚ ናብ ናብቲ ናብታ ናብዚ ናባና ምስ ምስቲ ምስዚ ከም ከምቲ ከምዚ
    ከምዘሎ ከምኡ ከምኡውን ድማ ውን ግና እቲ እታ እቶም እተን ነቲ ነታ ነቶም እዚ እዛ እዞም እዘን ነዚ ነዛ ነዞም በቲ ስለዚ ስለዝ ስለዝኾነ ንሱ ንሳ
    ንሶም ንሳቶም ንሕና ንስኻ ንስኹም ንስኻትኩም ኣነ ብዛዕባ ብምባል ብዘይ ንምንታይ ብኸመይ ከመይ እንታይ መን ኣበይ መዓስ ክንደይ ኣየናይ ኩሉ ኩሎም ኩለን ኩሉም
    ብጣዕሚ ኣዝዩ ኣዝዮም ኣዝያ ብዙሓት ብዙሕ ብዝሒ ካልእ ካልኦት ሓደ ሓንቲ ክልተ ሰለስተ ኣርባዕተ ሓሙሽተ ሽዱሽተ ሸውዓተ ሸሞንተ ትሽዓተ ዓሰርተ ሕጂ ትማሊ
    ጽባሕ ሎምዓመት ቅድሚ ድሕሪ ልዕሊ ትሕቲ ውሽጢ ውሽጥን ክሳብ ክሳዕ እንተ እንተኾነ እንተዘይኮነ ጥራይ ጥራሕ እምበር ወይ'ውን ክብል ኢሉ ኢላ ኢሎም ጽቡቕ ጽቡቕን
    ሓድሽ ሓደሽቲ ሓዳሽ ዓቢ ዓብዪ ዓበይቲ ንኡሽቶ ዋጋኡ ዋግኡ ዋጋኦም ደውሉ ደውሉልና ንምእዛዝ ኣዘዙ ክትዕድጉ ክትገዝኡ ዕዳጋ ገዛ ኣቑሑት ኣቕሓ ኣቕሑ ድኳን
    ተሌፎን ቁጽሪ ኣድራሻና ዓሚል ዓማዊል ዓማዊልና የቐንየልና የቐንየለይ ብኽብረት በጃኹም ቆልዑ ንቖልዑ ደቂ ኣንስትዮ ተባዕትዮ መዓልቲ ሰሙን
    ወርሒ ሽያጥ ንሽያጥ ንመሸጣ ዝሽየጥ ይሽየጥ መሸጣ ኣቕሪብና ኣምጺእና መጺኡ ኣትዩ ኣትዮም ተዓደጉ ኣደ ኣቦ ሓበሬታ ስልኪ ምጉዳል ቀሪቡ ንግሆ
    ኩነታት ጸሊም ቀይሕ ጻዕዳ ሰራሕተኛታት ስራሕ ስድራ ሓው ሓፍቲ ወዲ ጓል ንዑ ምጹ ከኣ ልክዕ እሞ
    ደኣ ዘይኮነ ናቱ ናታ ናቶም ናትና ናትኩም እዋን እንከሎ ምዃኑ ምዃን
""") - AMHARIC  # fmt: skip
OROMO = _words("""
    fi akka akkas akkasumas akkamitti irra irraa irratti keessa keessaa keessatti ta'e ta'ee ta'uu
    ta'a ta'u ta'aniif waan waa'ee wajjin isaa ishee ishii isaan isaanii isaaniif nuti nuyi keenya keenyaa
    keessan keenyaaf kana kanaan kanaaf kanneen sana sanaan kuni kunis suni jira jiru jirti jiran jirra
    jirtu dha yoo garuu waliin bira biraa bilbila bilbilaa bilbilli bilbilaan gatii gatiin gatiinsaa
    qarshii birrii qaba qabna qabu qabdi qabaachuu magaalaa magaala oromoo oromiyaa oromiyaatti finfinnee
    finfinneetti itti ittiin baay'ee baayyee bayyee haaraa haaraan haaraas hunda hundaa hundi hundaaf
    yeroo yeroon mana manaa bakka bakkaa guddaa gudda gurgurtaa gurguramaa gurgurra gurguruu bituu bitaa
    bitachuu bitadhaa meeshaa meeshaan meeshaalee uffata uffataa kophee ijoollee dubartootaa dhiiraa
    dhufaa kottaa galateeffanna galatoomaa baga nagaan nagaa maamiltoota maamila ajajuu ajajaa ergaa karaa
    malee booda dura duraa har'a bor kaleessa amma yeroodhaan sagantaa guyyaa torban ji'a waggaa lama
    sadii afur shan kudhan tokko tokkoon maal eenyu eessa eessatti yoom meeqa maaliif akkam gaarii gaariin
    bareedaa filatamaa qulqullina qulqullinaan qulqullinni teessoo teessoon suuqii gabaa gabaatti barnoota
    mootummaa namni nama namoota hojii hojiin hin hinqabu miti ala oduu irraas tolaan rakasa salphaa
    dabalataan dabalata argattu argachuu argatu ergina geessina fiduu dhiyaate dhiyeessina dhiyeessineerra
    dhiheessina lakkoofsa lakkoofsi nuuf isiniif siif keetii kee koo kiyya eeyyee lakki haa
""")
ENGLISH = _words("""
    the and of to in is are was were for with you your yours we our us it its this that these those at by
    from or be been being have has had will would can could should may might must not no do does did i am said says what
    when where which who whom whose why how if then than because while before after during between through
    about against into onto over under up down out off again further once here there all any both each few
    more most other another some such only own same so too very just also as on an they them their he him
    his she her my mine me i'm don't can't it's you're we're let's isn't as available please contact
""")
# What English ads say beside function words; half a proof each, for Amharic ads borrow them.
ENGLISH_SHOP = _words("""
    free call price prices delivery order orders buy sale sell quality best get size sizes inbox shop
    store new brand brands original leather shoe shoes bag bags watch watches phone phones laptop laptops
    computer camera charger cable headphone headset speaker battery power bank smart baby kids kid
    children men man women woman ladies girls boys adult home house kitchen bathroom bedroom table chair
    bed sofa storage box rack holder organizer stand set sets pcs piece pieces pack plastic steel
    stainless glass wood wooden metal cotton silicone electric wireless portable foldable folding
    adjustable rechargeable waterproof automatic mini double single multi layer wall mounted rotating
    cutting cutter cooker blender grinder mixer machine bottle water dispenser cup pan pot knife plate
    tray cover case light lamp led solar fan heater iron cleaner cleaning brush hair skin face body care
    cream oil soap massage fitness sport sports gym training running walking made material color colour
    colors black white red blue green yellow brown pink grey gold silver large small medium big high low
    full fast easy hot cold good great nice perfect luxury premium professional quick long short soft
    strong discount offer offers limited stock arrival arrivals today now address location floor mall
    street near office open car cars auto engine model year apartment rent villa land service services
    online market gift gifts toy toys game games sugar coffee tea milk food fruit fresh juice rice
""")
# Somali ones: no label of its own, but neither is it Oromo, which doubles vowels too.
SOMALI = (
    _words("""
    waa iyo waxaan waxay waxaa wuxuu ayaa ayay kuwa aan in inuu inay oo ee leh lahaa ah ahaa ku ka
    loo lagu laga kale soo wax uu aad idin dadka magaca qaar jira jiraan hadda halkan waxaad iibka qiimaha
    fadlan
""")
    - OROMO
    - ENGLISH
)
# Regular expressions, for there is no spelling: doubled letters are already single when they are matched.
LATIN_AMHARIC = _words("""
    sel[ae]mt?[ae]? newu naw nachew n[ae]che?wu? n[ae]be?re?w? neh nesh nachihu al[ae]w al[ae]t
    al[ue]hu? al[ae]ku alachew alachihu ayd[ae]l[ae]m y[ae]l[ae]m y[ae]l[ae]nm ena ina ina?m w[ae]yi?m
    d[ae]gmo d[ae]mo yihi yihe?n? y[ie]h[ei]? yihn[ei] yaw ene ine esu eswa enesu egna igna anchi
    ant[ae] enant[ae] erswo ersiwo y[ae]gna y[ae]ne y[ae]nante y[ae]su yat y[ae]tignaw m[ae]che endet
    indet indeti l[ae]min sint snt ezih izih eziya ahun ahunu zare tinant n[ae]ge b[aei]?tam bizu
    bzu tinish tnsh l[ae]la l[ae]loch hulu hulum hul[ue]n hul[ae]t sost arat amist amst asir meto shih
    gize gizie sil[ae] sl[ae] end[ae] ind[ae] w[ae]d[ae] gar gara wust wist wuch wuchi b[ae]tach
    huala b[ae]huala b[ae]fit ag[ae]tseb atek[ae]b atag[ae]b bich[ae] bcha n[ae]g[ae]r esk[ae] dires
    jemro waga wagaw wagachew birr?u bir eb[ae]kwon? ebak[oi]h? ebakish ebakachihu ebakachu
    am[ae]s[ae]gi?nal[ae]h[uw] am[ae]s[ae]gi?nal[ae]w en[ae]m[ae]s[ae]gi?nal[ae]n d[ae]w[ei]?lu
    yid[ae]w[ei]?lu(?:li?n)? yd[ae]w[ei]?lu(?:ln)? d[ae]wuyi?l d[ae]wil(?:u|ulin) yim[et]tu yimtu yizezu
    izez?u yiz[ae]zu l[ae]mazez l[ae]magi?gn[ae]t l[ae]m[ae]gi?zat l[ae]tech?emari addis adis g[ae]btwal
    g[ae]btual g[ae]bitual g[ae]b[ae]?tewal ag[ae]bt[ae]nal asg[ae]b(?:i)?ten(?:al)? sira sra betoch
    suk suq suqachin fok foq kutir qutir slk adrasha adrashachin chama chamawoch libs libsoch
    bors[ae] eka eqa ikawoch ekawoch mekina mekinoch shiyach shyach kiray kray y[ae]mishet y[ae]mikeray
    konjo qonjo konjiye tiru turu arif lel?[ei]yu liyu mirt mrt kinash qinash kinashu tirat trat
    b[ae]n[ae]tsa n[ae]tsa sewoch lijoch ljoch l[ae]lijoch setoch wendoch l[ae]setoch l[ae]wendoch w[ae]nd
    q[ae]n samint amet enquan d[ae]hna dena t[ae]nayistilign? melkam m[ae]lkam akababi
    d[ae]nb[ae]gnoch d[ae]mb[ae]gnoch b[ae]t[ae]s[ae]b wud y[ie]kirta ishi eshi awo chigir chgr
    ef[ae]lig[ae]l[ae]w f[ae]lig ef[ae]lgal[ae]h[uw] yichalal ychalal yihonal mehon m[ae]honu kehone
    k[ae]hon[ae] silehon[ae] yal[ae]w yalut b[ae]zih k[ae]zih l[ae]zih y[ae]zih dagna d[ae]res[ae]
    enadersal[ae]n inad[ae]rsal[ae]n ega k[ae]ne
""")

# Clues of half a function word's weight.
AMHARIC_AFFIX = (
    "(?:ዎች|ቾች|ሮች|ኞች|ቶች|ሎች|ኖች|ሶች|ዶች|ጆች|ሞች|ኮች|ጎች)"  # plural
    "|[ዋኗሯሏቷሟሷቧዷጧፏኳቋጓዟጇቿሗጿሿ]ል$|(?:ናል|ኋል|ሻል|ለን|ለሁ|ለች|ላቸው|ታቸው|ቸውን?|ችን|ዎት|ልዎ|ዎን|ኛው)$"
    "|^የ[^ለቐብ]..|^እንደ.|^(?:ስለ|በ|ለ|ከ)ሚ|^ባለ..|^አ"
)
# Letters of the ቐ row, and the negation ኣይ…ን; with a third ን it may be the Amharic ዓይን, unified.
TIGRINYA_ALONE = "[ቐ-ቝ]|^ኣይ[^ነናንኖ].*ን$"
TIGRINYA_AFFIX = (
    "[ኸ-ዅ]|['’](?:ዩ|ያ|ዮም|የን|ውን|ኳ|ምበር|ዶ)$|(?:ትኦም|ናኦም|ተይቲ)$|^ኣ..|^ዝ..."
    "|^ን[ምመተታሰሓሃሕህደገዓኣኩኹሽሸወዘቖነና]..|^ብ[ምተቲዝነኸሓሕጽፅዓኣመማ]..|^ዘ[ይየ]..|^እንተ[ዘዝኾነ]"
)
# Amharic words that begin like that; the ones in ዓ look so after `normalise`.
NOT_TIGRINYA = (
    "^(?:ኣመት|ኣለም|ኣይነት|ኣይን|ኣላማ|ኣሳ|ኣርብ|ኣቃቤ|ኣቅም|ኣባይ|ኣድዋ|ኣውድ|ኣፄ|ኣሊ|ኣረብ|ኣዋጅ"
    "|ዝግ|ዝር|ዝቅ|ዝና|ዝም|ዝላ|ዝን|ዝሆ|ዝክ|ዝው|ዝለ|ዘይት|ዘይቤ|ሼኽ|ሸኽ|ኸረ|ኸሊ|ኻሊ|ይኸ|ይኽ|ይኼ|እየጮኸ|መናኸ|መኻል)|[ጩጮ][ኸኽ]|ኸኝ$"
)
OROMO_AFFIX = (
    "[a-z](?:aa|uu|ii)|(?:aa|uu|ii)[a-z]|^q[aeo]|qq|^x[aei]|dh[aeiou]|[aeiour]'[aeiou]"
    "|(?:tti|oota|sheen|chuu)$"
)
# Verbs (yi-, -alehu), relative verbs (yemi-, lemi-), plurals (-och), "our", "their" (-achin, -achew), objects (-win).
LATIN_AMHARIC_AFFIX = (
    "^y[ae]m[aeiy][a-z]{3}|^(?:l[ae]m[aeiy]|k[ae]m[iy]|b[ae]m[iey]|end[ae]?m[iaey]|iye|eya|yi|yas)[a-z]{4}"
    "|^y[ae](?:[bdfgjkqsz]|ch|ts|sh|t[ae]|l[ei])[a-z]{3}"
    "|(?:achewu?n?|achihu|achin(?:in|at)?|[a-z]{2}al[ae]hu|[a-z]{4}al[ae]n|[a-z]{3}al[ae]ch|[ae]wal|twal|owal)$"
    "|(?:[^cinrxu]tual|[rlbfmkzh]ual|[aeo]renal|[ae]win|in[ae]tu?|wotu?|ulin|ulgn|ilign|[ae]ch?al)$"
    "|[^rbp]och(?:u|un|in|achin|achewu?|na)?$|[aei]gn[aou]|^ts[aeiou]|[mn][aei]ts[aeou]"
    "|^(?:new|bet|lay|gin|sew|ken|s[ei]lk|fit|mn|min|al[ae]n|t[ae]na|b[ae]lay)$"
)
ENGLISH_AFFIX = (
    "[a-z]{3}(?:ing|tion|tions|ment|ness|able|less|ful|ity|ly|ed|est|ous|ive|ical|ware|proof)$|[a-z]{4}ers?$"
    "|[a-z]'s$|th|ck|sh$|wh|ght|tch"
)
NOT_LATIN_AMHARIC = (
    "^(?:yester|yemen|yel|yeast|ye[ar]+s?$|organ|inter|cabinet|planet|lem[mo])|magn|signa|pregn|dign|cogn"
)
NOT_A_CLUE = _words(
    "birr br etb megenagna bole merkato piassa addis ababa abeba ethiopia isaac hawaii vacuum ii iii viii xiii"
)
