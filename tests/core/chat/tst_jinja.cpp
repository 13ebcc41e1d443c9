// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/parser.h"
#include "core/support/text.h"

#include <QTest>

using namespace mpo;

namespace {

using jinja::Text;
using jinja::Value;

struct Outcome
{
    std::optional<Text> text;
    std::string error; ///< "3: sentence"
};

Outcome outcomeOf(const std::string& source, const Json& variables)
{
    std::optional<jinja::Interpreter> interpreter;
    try {
        const jinja::Block block = jinja::parseTemplate(source);
        std::vector<std::pair<std::string, Value>> values;
        for (const auto& [name, value] : variables.items())
            values.emplace_back(name, jinja::valueOf(value));
        interpreter.emplace(std::move(values), std::time_t(0));
        return {interpreter->run(block), {}};
    } catch (const jinja::SyntaxFailure& failure) {
        return {{}, fmt::format("{}: {}", failure.line, failure.sentence)};
    } catch (const jinja::Failure& failure) {
        return {{}, fmt::format("{}: {}", interpreter->line(), failure.sentence)};
    }
}

/// "hello" with a hat under what comes from data: "hello" + "  ^^^" reads "he" as the template's.
std::string marksOf(const Text& text)
{
    std::string marks;
    for (const char32_t character : text)
        marks += (character & jinja::kFromData) != 0 ? '^' : '.';
    return marks;
}

} // namespace

class TestJinja : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void doesWhatJinja2Does_data();
    void doesWhatJinja2Does();
    void knowsWhereCharactersComeFrom_data();
    void knowsWhereCharactersComeFrom();
    void saysWhatIsWrong_data();
    void saysWhatIsWrong();
    void staysWithinItsLimits_data();
    void staysWithinItsLimits();
    void forgetsWhatHoldsItself();
};

void TestJinja::doesWhatJinja2Does_data()
{
    QTest::addColumn<QString>("file");
    QTest::newRow("expected") << QStringLiteral(MPO_FIXTURES "/chat/jinja_expected.json");
}

void TestJinja::doesWhatJinja2Does()
{
    QFETCH(QString, file);
    const Json expected = readJsonFile(file.toStdString());
    int differing = 0, texts = 0, errors = 0;
    for (const Json& row : expected["cases"]) {
        const auto source = row["template"].get<std::string>();
        const Outcome ours = outcomeOf(source, expected["variables"]);
        const bool fails = !row.contains("text");
        const bool same = fails ? !ours.text : ours.text && jinja::utf8Of(*ours.text) == row["text"].get<std::string>();
        (fails ? errors : texts) += 1;
        if (same)
            continue;
        ++differing;
        qWarning("%s\n  expected %s\n  got %s", source.c_str(), toLine(row).c_str(),
            ours.text ? jinja::utf8Of(*ours.text).c_str() : ours.error.c_str());
    }
    QCOMPARE(differing, 0);
    QVERIFY(texts > 600 && errors > 150);
}

void TestJinja::knowsWhereCharactersComeFrom_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("marks");
    const auto row = [](const char* source, const char* text, const char* marks) {
        QTest::newRow(source) << QString::fromUtf8(source) << QString::fromUtf8(text) << QString::fromUtf8(marks);
    };
    // c is "<|x|> y", from data.
    row("a{{ c }}b", "a<|x|> yb", ".^^^^^^^.");
    row("{{ '<' + c ~ '>' }}", "<<|x|> y>", ".^^^^^^^.");
    row("{{ c[2:4] ~ c[0] }}", "x|<", "^^^");
    row("{{ (' ' + c + ' ') | trim }}", "<|x|> y", "^^^^^^^");
    row("{{ c.upper() }}{{ c | title }}{{ c | capitalize }}", "<|X|> Y<|x|> Y<|x|> y", "^^^^^^^^^^^^^^^^^^^^^");
    row("{{ c | replace('x', 'im_end') }}", "<|im_end|> y", "^^......^^^^");
    row("{{ '<|z|>' | replace('z', c) }}", "<|<|x|> y|>", "..^^^^^^^..");
    row("{{ c.split('x')[1] ~ c.split() | last }}", "|> yy", "^^^^^");
    row("{{ ['a', c] | join('-') }}{{ '-'.join([c, c]) }}", "a-<|x|> y<|x|> y-<|x|> y", "..^^^^^^^^^^^^^^.^^^^^^^");
    row("{{ [c] | tojson }}", "[\"<|x|> y\"]", "..^^^^^^^..");
    row("{{ [c] }}", "['<|x|> y']", "..^^^^^^^..");
    row("{{ '%s|%5s' % (c, 'b') }}", "<|x|> y|    b", "^^^^^^^......");
    row("{{ c | indent(2, true) }}{{ c | reverse }}", "  <|x|> yy >|x|<", "..^^^^^^^^^^^^^^");
    row("{% set k %}a{{ c }}{% endset %}{{ k }}", "a<|x|> y", ".^^^^^^^");
    row("{% macro m(p) %}({{ p }}){% endmacro %}{{ m(c) }}", "(<|x|> y)", ".^^^^^^^.");
    row("{% filter upper %}a{{ c }}{% endfilter %}", "A<|X|> Y", ".^^^^^^^");
    row("{% for x in c %}{{ x }}.{% endfor %}", "<.|.x.|.>. .y.", "^.^.^.^.^.^.^.");
    row("{% for k in d %}{{ k }}{{ d[k] }}{% endfor %}", "key<s>", "^^^^^^");
    row("{{ c | e }}", "&lt;|x|&gt; y", "^^^^^^^^^^^^^");
    row("{{ d | tojson }}{{ d.items() | list }}", "{\"key\": \"<s>\"}[('key', '<s>')]",
        "..^^^....^^^.....^^^....^^^...");
}

void TestJinja::knowsWhereCharactersComeFrom()
{
    QFETCH(QString, source);
    QFETCH(QString, text);
    QFETCH(QString, marks);
    const Outcome ours = outcomeOf(source.toStdString(), Json::parse(R"({"c": "<|x|> y", "d": {"key": "<s>"}})"));
    QCOMPARE(ours.error, std::string());
    QCOMPARE(QString::fromStdString(jinja::utf8Of(*ours.text)), text);
    QCOMPARE(QString::fromStdString(marksOf(*ours.text)), marks);
}

void TestJinja::saysWhatIsWrong_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("sentence");
    const auto row = [](const char* source, const char* sentence) {
        QTest::newRow(source) << QString::fromUtf8(source) << QString::fromUtf8(sentence);
    };
    row("a\n{{ 1 + }}", "2: an expression is expected, not the end of the tag");
    row("a\n\n{% if x %}", "3: the template ends before {% endif %}");
    row("{{ x | nope }}", "1: there is no filter \"nope\"");
    row("{{ x is nope }}", "1: there is no test \"nope\"");
    row("{% include 'x' %}", "1: {% include %} has no place in a chat template, which is one file");
    row("{% frob %}", "1: the tag \"frob\" is not known or stands in the wrong place");
    row("\n{{ 'a' + 1 }}", "2: \"+\" does not work between a str and a int");
    row("\n\n{{ m.x.y }}", "3: \"m\" is not defined");
    row("{{ [].append(1) }}", "1: \"append\" of a list would change it, which a chat template may not do");
    row("{{ 'a'.frob() }}", "1: a str has no \"frob\"");
    row("{{ raise_exception('Roles must alternate') }}", "1: Roles must alternate");
    row("{% for i in 5 %}{% endfor %}", "1: a int cannot be iterated over");
    row("x {# y", "1: the comment that begins here has no \"#}\"");
    row("{{ 'x }}", "1: the string that begins here has no end");
    row("{% break %}", "1: {% break %} stands outside of a loop");
    row("{% macro m(a) %}{% endmacro %}\n{{ m(1, 2) }}", "2: the macro \"m\" takes at most 1 arguments");
}

void TestJinja::saysWhatIsWrong()
{
    QFETCH(QString, source);
    QFETCH(QString, sentence);
    QCOMPARE(QString::fromStdString(outcomeOf(source.toStdString(), Json::object()).error), sentence);
}

void TestJinja::staysWithinItsLimits_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("sentence");
    const auto row = [](const char* name, const std::string& source, const char* sentence) {
        QTest::newRow(name) << QString::fromStdString(source) << QString::fromUtf8(sentence);
    };
    const auto repeated = [](std::string_view text, int times) {
        std::string out;
        for (int i = 0; i < times; ++i)
            out += text;
        return out;
    };
    const std::string steps = "it takes more than 1000000 steps";
    row("endless work", "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        steps.c_str());
    row("a string that doubles",
        "{% set n = namespace(s='ab') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "a string is longer than 16777216 characters");
    row("output", "{% set s = 'a' * 9999999 %}{{ s }}{{ s }}", "a string is longer than 16777216 characters");
    row("many strings", "{% for i in range(9) %}{% set x = 'a' * 10000000 %}{% endfor %}",
        "its strings have more than 67108864 characters together");
    row("a list that doubles",
        "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}",
        "a list has more than 100000 items");
    row("lists in lists", "{% set n = namespace(l=[]) %}{% for i in range(999) %}{% set n.l = [n.l] %}{% endfor %}",
        "values are nested deeper than 100");
    row("a tree",
        "{% set n = namespace(l=[]) %}{% for i in range(99) %}{% set n.l = [n.l, n.l, n.l, n.l, n.l, n.l, n.l, n.l, "
        "n.l, n.l] %}{% endfor %}",
        "a list or dict holds more than 1000000 values");
    row("lazy in lazy",
        "{% set n = namespace(l=[]) %}{% for i in range(999) %}{% set n.l = n.l | map('string') %}{% endfor %}",
        "values are nested deeper than 100");
    row("a macro without end", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls are nested deeper than 400");
    row("range", "{{ range(100001) | length }}", "range has more than 100000 numbers");
    row("power", "{{ 10 ** 400 }}", "a whole number needs more than 64 bits");
    row("search", "{% set a = 'a' * 999999 %}{{ (a + 'b') in a }}",
        "a string of 999999 characters is too long to look for one of 1000000");
    row("brackets", "{{ " + repeated("(", 9999) + "1" + repeated(")", 9999) + " }}",
        "expressions are nested deeper than 150");
    row("nots", "{{ " + repeated("not ", 9999) + "1 }}", "expressions are nested deeper than 150");
    row("minuses", "{{ " + repeated("-", 9999) + "1 }}", "expressions are nested deeper than 150");
    row("a long sum", "{{ 1" + repeated("+1", 9999) + " }}", "an expression has more than 150 steps inside each other");
    row("blocks", repeated("{% if 1 %}", 9999), "blocks are nested deeper than 150");
    row("targets", "{% set " + repeated("(", 9999) + "x" + repeated(")", 9999) + " = 1 %}",
        "blocks are nested deeper than 150");
    row("elifs", "{% if 0 %}" + repeated("{% elif 0 %}", 9999) + "{% endif %}", "blocks are nested deeper than 150");
    row("template", repeated("0123456789", 110'000), "it is longer than 1048576 bytes");
    row("width", "{{ '%999999999d' % 1 }}", "a format asks for a field wider than 1000");
    row("dict", "{{ dict(range(9998) | map('string') | batch(2)) }}", "a dict has more than 2000 entries");
}

void TestJinja::staysWithinItsLimits()
{
    QFETCH(QString, source);
    QFETCH(QString, sentence);
    const Outcome ours = outcomeOf(source.toStdString(), Json::object());
    QVERIFY(!ours.text);
    QCOMPARE(QString::fromStdString(ours.error.substr(ours.error.find(' ') + 1)), sentence);
}

/// Values that hold each other in a ring are freed; the build with AddressSanitizer sees to that.
void TestJinja::forgetsWhatHoldsItself()
{
    const Outcome ours
        = outcomeOf("{% set n = namespace() %}{% set n.self = n %}{% macro m() %}{{ m is defined }}{% endmacro %}"
                    "{% set n.m = m %}{{ n.self.self.m() }}",
            Json::object());
    QCOMPARE(ours.error, std::string());
    QCOMPARE(jinja::utf8Of(*ours.text), std::string("True"));
}

QTEST_GUILESS_MAIN(TestJinja)
#include "tst_jinja.moc"
