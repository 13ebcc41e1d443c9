// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/identity_leak.h"

#include <QTest>

using namespace mpo;

/// Which texts tell a judge whose they are.
class TestIdentityLeak : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void words_data()
    {
        QTest::addColumn<QString>("prompt");
        QTest::addColumn<QString>("response");
        QTest::addColumn<QString>("leak");
        const auto row = [](const char* name, const char* prompt, const char* response, const char* leak) {
            QTest::newRow(name) << prompt << QString::fromUtf8(response) << leak;
        };
        row("nothing", "Hi", "Hello, how can I help?", "");
        row("a maker", "Who are you?", "I was made at OpenAI.", "openai");
        row("the prompt says it too", "Is OpenAI a company?", "Yes, OpenAI is one.", "");
        row("a sentence", "Do you like it?", "Well, as an AI language model I do not.", "as an ai");
        row("a curly apostrophe", "Hi", "I\xE2\x80\x99m Claude, hello", "i'm claude");
        row("a person of that name", "Who painted it?", "Claude Monet did.", "");
        row("inside of a word", "Hi", "The metallama and collamas", "");
        row("beside punctuation", "Hi", "(LLaMA).", "llama");
        row("a version behind it", "Hi", "It is Claude-3 here", "claude-");
        row("a longer word wins", "Hi", "Llama-3 says", "llama-3");
        row("the first one", "Hi", "Qwen, not Mistral", "qwen");
        row("a marker", "Hi", "Fine.<|im_end|>", "<|im_end|>");
        row("a source", "Hi", "This is my-tuned-7b speaking", "my-tuned-7b");
        row("a source with spaces", "Hi", "I am My Tuned 7B.", "my tuned 7b");
    }
    void words()
    {
        QFETCH(QString, prompt);
        QFETCH(QString, response);
        QFETCH(QString, leak);
        const auto names = identityNames({"/models/my-tuned-7b/", "base"});
        QCOMPARE(QString::fromStdString(identityLeak(prompt.toStdString(), response.toStdString(), names)), leak);
    }

    void plainWordsAreNoNames()
    {
        QVERIFY(identityNames({"chosen", "rejected", "base"}).empty());
        QCOMPARE(identityNames({"x_1"}), (std::vector<std::string> {"x_1", "x 1"}));
    }
};

QTEST_GUILESS_MAIN(TestIdentityLeak)
#include "tst_identity_leak.moc"
