// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/chat_pair.h"
#include "tests/common/message_of.h"
#include "tests/core/chat/chat_fixture.h"

#include <QTemporaryDir>
#include <QTest>

#include <map>

using namespace mpo;

namespace {

TokenIds joined(const TokenIds& a, const TokenIds& b)
{
    TokenIds ids = a;
    ids.insert(ids.end(), b.begin(), b.end());
    return ids;
}

} // namespace

/// Ids equal those that the trainers of TRL give: fixtures/chat/chat_rows.json.
class TestChatPair : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::map<std::string, std::shared_ptr<const Tokenizer>> m_tokenizers;

    const Tokenizer* tokenizerFor(const std::string& name)
    {
        auto& tokenizer = m_tokenizers[name];
        if (!tokenizer)
            tokenizer = chat_fixture::tokenizerWith(
                std::filesystem::path(m_folder.path().toStdString()) / name, chat_fixture::templateNamed(name));
        return tokenizer.get();
    }

    static PreferencePair pairOf(const Json& row)
    {
        PreferencePair pair;
        for (const Json& turn : row["turns"])
            pair.turns.push_back({turn["role"].get<std::string>(), turn["content"].get<std::string>()});
        pair.chosen = row["chosen"].get<std::string>();
        pair.rejected = row["rejected"].get<std::string>();
        pair.prompt = "\n\nHuman: hello\n\nAssistant:";
        return pair;
    }

private Q_SLOTS:
    void idsAreThoseOfTrl()
    {
        const Json expected = readJsonFile(chat_fixture::kFolder / "chat_rows.json");
        int compared = 0, refused = 0, open = 0;
        for (const Json& row : expected["rows"]) {
            const auto name = row["template"].get<std::string>();
            if (name == "llama3_2") // shows the day; tst_chat_template sets it
                continue;
            const PreferencePair pair = pairOf(row);
            const ChatPairTokenizer rule(tokenizerFor(name));
            const QByteArray shown = QByteArray::fromStdString(name + " " + toLine(row["turns"]));
            /// What the rule makes of the row; nothing where it refuses, which must be where TRL fails.
            const auto tokenized = [&](const char* trainer, DatasetKind kind) -> std::optional<TokenizedRow> {
                try {
                    TokenizedRow ids = rule(pair, kind);
                    if (row[trainer].contains("error"))
                        qWarning("%s: TRL fails with %s", shown.constData(), toLine(row[trainer]).c_str());
                    ++compared;
                    return ids;
                } catch (const RowRefusal&) {
                    if (!row[trainer].contains("error"))
                        qWarning("%s: refused", shown.constData());
                    ++refused;
                    return {};
                }
            };
            const auto ids
                = [&](const char* trainer, const char* column) { return row[trainer][column].get<TokenIds>(); };
            const auto both = tokenized("dpo", DatasetKind::Pairs);
            QCOMPARE(both.has_value(), !row["dpo"].contains("error"));
            if (both) {
                QVERIFY2(both->prompt == ids("dpo", "prompt_ids"), shown);
                QVERIFY2(both->chosen == ids("dpo", "chosen_ids"), shown);
                QVERIFY2(both->rejected == ids("dpo", "rejected_ids"), shown);
            }
            if (row["kind"] != "plain")
                continue;
            if (both) {
                QVERIFY2(joined(both->prompt, both->chosen) == ids("reward", "chosen_ids"), shown);
                QVERIFY2(joined(both->prompt, both->rejected) == ids("reward", "rejected_ids"), shown);
            }
            const auto completion = tokenized("sft", DatasetKind::Completions);
            QCOMPARE(completion.has_value(), !row["sft"].contains("error"));
            if (completion) {
                const TokenIds whole = ids("sft", "input_ids"), labels = ids("sft", "labels");
                QVERIFY2(joined(completion->prompt, completion->chosen) == whole, shown);
                TokenIds masked(completion->prompt.size(), -100); // TRL's mark of what is not learned
                QVERIFY2(joined(masked, completion->chosen) == labels, shown);
            }
            const auto prompt = tokenized("prompt", DatasetKind::Prompts);
            QCOMPARE(prompt.has_value(), !row["prompt"].contains("error"));
            if (prompt)
                QVERIFY2(prompt->prompt == ids("prompt", "prompt_ids"), shown);
            open += prompt && pair.turns.back().role == "assistant";
        }
        QVERIFY(compared > 600 && refused > 30 && open > 10);
    }

    /// Without a template, and without messages, the rule of plain text holds.
    void plainTextStaysPlain()
    {
        const auto none
            = chat_fixture::tokenizerWith(std::filesystem::path(m_folder.path().toStdString()) / "none", "");
        const Tokenizer* chatml = tokenizerFor("chatml");
        PreferencePair pair;
        pair.prompt = "\n\nHuman: hello\n\nAssistant:";
        pair.chosen = "yes";
        pair.rejected = "no";
        QCOMPARE(ChatPairTokenizer(chatml)(pair, DatasetKind::Pairs).chosen,
            tokenizePair(pair, DatasetKind::Pairs, none.get()).chosen);
        pair.turns = {{"user", "hello"}};
        const TokenizedRow plainDialogue = ChatPairTokenizer(none.get())(pair, DatasetKind::Pairs);
        QCOMPARE(plainDialogue.prompt, none->encode(pair.prompt));
        QCOMPARE(plainDialogue.chosen.back(), *none->eos);
        QVERIFY(ChatPairTokenizer(chatml)(pair, DatasetKind::Pairs).prompt != plainDialogue.prompt);
        PreferencePair ids;
        ids.promptIds = {1};
        ids.chosenIds = {2};
        ids.rejectedIds = {3};
        QCOMPARE(ChatPairTokenizer(nullptr)(ids, DatasetKind::Pairs).chosen, (TokenIds {2}));
        QVERIFY(messageOf([&] { ChatPairTokenizer(nullptr)(pair, DatasetKind::Pairs); }).find("tokenizer.json")
            != std::string::npos);
    }

    void refusedRowsAreLeftOutAndCounted()
    {
        Dataset data {"chats", DatasetKind::Pairs, {}};
        PreferencePair good, bad;
        good.turns = {{"user", "hi"}};
        bad.turns = {{"user", "hi"}, {"user", "again"}};
        good.chosen = bad.chosen = "yes";
        good.rejected = bad.rejected = "no";
        data.pairs = {bad, good, bad};
        const RowReport report = tokenizeRows(RowSource::of(data), tokenizerFor("gemma"), 0, Truncation::DropLong);
        QCOMPARE(report.refused, 2);
        QCOMPARE(report.pairs.size(), std::size_t(1));
        QCOMPARE(report.pairs[0].index, 1);
        QCOMPARE(report.firstRefusal,
            std::string(
                "The chat template refuses the messages (line 1): The roles user and assistant have to take turns"));
    }
};

QTEST_GUILESS_MAIN(TestChatPair)
#include "tst_chat_pair.moc"
