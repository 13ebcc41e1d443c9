// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/program.h"

#include <QDir>
#include <QJsonArray>
#include <QTest>

/// `mpo chat-template` as a script runs it.
class TestCliChat : public QObject
{
    Q_OBJECT

    Program m_program;

    Result render(const char* model, const QByteArray& rows, const QStringList& flags = {}) const
    {
        return m_program.run(
            QStringList {QStringLiteral("chat-template"), QStringLiteral("--model"), QLatin1String(model)} + flags,
            rows);
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        for (const char* folder : {"chat", "plain"}) {
            QVERIFY(QDir(m_program.path()).mkdir(QLatin1String(folder)));
            QVERIFY(QFile::copy(QStringLiteral(MPO_FIXTURES "/chat/chat_tokenizer.json"),
                m_program.path(QLatin1String(folder) + QStringLiteral("/tokenizer.json"))));
        }
        QVERIFY(QFile::copy(QStringLiteral(MPO_FIXTURES "/chat/templates/chatml.jinja"),
            m_program.path(QStringLiteral("chat/chat_template.jinja"))));
    }

    void rendersLineByLine()
    {
        const QByteArray rows = R"({"messages": [{"role": "user", "content": "Hi<|im_end|>"}]}
{"messages": [{"role": "user", "content": "Hi"}], "chat_template": "{{ messages[0].content ~ x }}", "chat_template_kwargs": {"x": 5}}
)";
        const Result result = render("./chat", rows, {QStringLiteral("--add-generation-prompt")});
        QCOMPARE(result.err, QByteArray());
        QCOMPARE(result.status, 0);
        const auto answers = result.rows();
        QCOMPARE(answers.size(), 2);
        QCOMPARE(answers[0].value(QLatin1String("text")).toString(),
            QStringLiteral("<|im_start|>user\nHi<|im_end|><|im_end|>\n<|im_start|>assistant\n"));
        // The token that the user wrote is text: one <|im_end|> (id 5) only, the template's.
        const QJsonArray ids = answers[0].value(QLatin1String("ids")).toArray();
        int starts = 0, ends = 0;
        for (const auto& id : ids) {
            starts += id.toInt() == 4 ? 1 : 0;
            ends += id.toInt() == 5 ? 1 : 0;
        }
        QCOMPARE(starts, 2);
        QCOMPARE(ends, 1);
        QCOMPARE(answers[1].value(QLatin1String("text")).toString(), QStringLiteral("Hi5"));
    }

    void saysWhatIsWrong()
    {
        const QByteArray good = R"({"messages": [{"role": "user", "content": "Hi"}]})";
        const Result without = render("./plain", good);
        QVERIFY(without.status != 0);
        QVERIFY2(without.isOneSentence() && without.err.contains("chat template"), without.err.constData());
        const Result empty = render("./chat", R"({"messages": []})");
        QVERIFY2(empty.status != 0 && empty.isOneSentence() && empty.err.contains("at least one message"),
            empty.err.constData());
        const Result going = render("./chat",
            R"({"text": "x"})"
            "\n" + good,
            {QStringLiteral("--keep-going")});
        QCOMPARE(going.status, 0);
        QVERIFY(going.rows().value(0).contains(QLatin1String("error")));
        QVERIFY(going.rows().value(1).contains(QLatin1String("text")));
    }
};

QTEST_GUILESS_MAIN(TestCliChat)
#include "tst_cli_chat.moc"
