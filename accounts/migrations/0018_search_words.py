"""Names by their words as people type them: case, accents, typographic signs and invisible characters aside.

The functions do what `core.text.search` does, and depend on no locale of the database. Their text is kept here as it was
when this was written: databases have it so. Whoever changes them replaces both, and rebuilds the indexes on them.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from core.db.name_search import name_words

LETTERS = (
    "ÆÐØÞĐĦŁŊŒŦƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧ"
    "ΨΩϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤ"
    "ҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ"
    "ᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿẞ𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡øłđðħıŧŋɓ"
    "ɗƙƴəɛɔɖɣʋƒɨʉɏƀƶǥς"
)
FOLDED = (
    "ædoþdhlnœtbƃƅoƈddƌǝeefɠgɩikɯɲɵƣƥʀƨʃƭʈʊvyzʒƹƽgƕƿȝƞȣȥⱥȼƚⱦɂbuʌɇɉɋɍyͱͳͷϳαβγδεζηθικλμνξοπρστυφχ"
    "ψωϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥ"
    "ҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ"
    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿß𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃olddhitnb"
    "dkyeeodgvfiuybzgσ"
)
DROPPED = (
    r"\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF"
    r"\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFE00-\uFE0F\uFEFF\uFFF9-\uFFFB\U000E0000-\U000E0FFF"
)
BETWEEN_WORDS = (
    r"\u0001-\u002F\u003A-\u0060\u007B-\u00BF\u00D7\u00F7\u02B0-\u02FF\u055A-\u055F\u0589\u058A\u05BE\u05C0"
    r"\u05C3\u05C6\u05F3\u05F4\u060C\u061B\u061E\u061F\u066A-\u066D\u06D4\u0700-\u070D\u0964\u0965\u0970\u0E4F"
    r"\u0E5A\u0E5B\u0F04-\u0F14\u1361-\u1368\u1680\u2000-\u200A\u2010-\u2029\u202F-\u205F\u20A0-\u20CF"
    r"\u2190-\u2BFF\u2E00-\u2E7F\u3000-\u3004\u3008-\u3020\u3030\u303D-\u303F\u30FB\uFFFC\uFFFD"
    r"\U0001F000-\U0001FAFF"
)
APOSTROPHES = r"['`\u00B4\u02B9-\u02BF\u02C8\u055A\u05F3\u2018-\u201B\u2032\uFF07]"
CREATE = rf"""
CREATE OR REPLACE FUNCTION search_text(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    folded text := lower(value COLLATE "C");
BEGIN
    -- Most names are of ASCII alone, and most others once their accents are dropped.
    IF octet_length(value) <> char_length(value) THEN
        folded := regexp_replace(lower(normalize(value, NFKD) COLLATE "C"), '[{DROPPED}]+', '', 'g');
        IF folded ~ '[\u0080-\u058F\u1C90-\u1CBF\u1E9E\U0001E900-\U0001E921]' THEN
            folded := translate(folded, '{LETTERS}', '{FOLDED}');
            folded := replace(replace(replace(replace(folded, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        END IF;
    END IF;
    RETURN left(btrim(regexp_replace(folded, '[{BETWEEN_WORDS}]+', ' ', 'g'), ' '), 500);
END $$;

CREATE OR REPLACE FUNCTION search_words(name text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    joined text := regexp_replace(name, '{APOSTROPHES.replace("'", "''")}', '', 'g');
    spellings text := CASE WHEN char_length(joined) = char_length(name) THEN name ELSE name || ' ' || joined END;
    forms text := public.search_text(spellings);
    spelled_out text;
BEGIN
    IF octet_length(name) <> char_length(name) THEN
        spellings := normalize(spellings, NFKD);
        spelled_out := regexp_replace(regexp_replace(regexp_replace(
            spellings, '([AOUaou])\u0308', '\1e', 'g'), '([Aa])\u030A', '\1a', 'g'), '[Øø]', 'oe', 'g');
        IF spelled_out <> spellings COLLATE "C" THEN
            forms := forms || ' ' || public.search_text(spelled_out);
        END IF;
    END IF;
    RETURN array_to_tsvector(array_remove(string_to_array(forms, ' '), ''));
END $$;
"""
DROP = "DROP FUNCTION search_words; DROP FUNCTION search_text;"


class Migration(migrations.Migration):
    # Without locking a table that may hold a million names.
    atomic = False

    dependencies = [("accounts", "0017_drop_send_tallies")]

    operations = [
        migrations.RunSQL(CREATE, DROP),
        AddIndexConcurrently(
            model_name="profile",
            index=GinIndex(name_words(), name="profiles_search_words_idx", fastupdate=False),
        ),
    ]
