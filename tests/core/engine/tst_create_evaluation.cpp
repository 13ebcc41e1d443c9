// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/file.h"
#include "tests/common/engine_events.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <limits>
#include <set>

using namespace mpo;

/// Sessions on the pairs of a data set; which prompts are drawn.
class TestCreateEvaluation : public QObject
{
    Q_OBJECT

    static constexpr int kPairs = 50, kScored = 47;
    QTemporaryDir m_folder;
    std::shared_ptr<Project> m_project;

    /// 0 is the smallest gap; pairs from kScored on have none.
    static int rankOf(std::int64_t pair) { return int(pair * 13 % kScored); }

    std::vector<std::int64_t> drawn(int prompts, int strata, std::uint64_t seed)
    {
        CreateEvaluation command;
        command.data = "pairs";
        command.prompts = prompts;
        command.gapStrata = strata;
        command.seed = seed;
        const auto created = eventsOf<EvaluationCreated>(m_project, command).front();
        std::vector<std::int64_t> pairs;
        for (const EvaluationItemInput& item : m_project->blindItems(created.evaluation)) {
            // The item is the pair that it says it is.
            if (item.prompt != "prompt " + std::to_string(item.pair)
                || item.responseA != "good " + std::to_string(item.pair))
                throw Error("the item of pair " + std::to_string(item.pair) + " is another one");
            pairs.push_back(item.pair);
        }
        return pairs;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_project = Project::open(m_folder.filePath(QStringLiteral("t.mpo")).toStdString());
        Dataset data {"pairs", DatasetKind::Pairs, {}};
        std::vector<PairScore> scores;
        for (int i = 0; i < kPairs; ++i) {
            PreferencePair pair;
            pair.prompt = "prompt " + std::to_string(i);
            pair.chosen = "good " + std::to_string(i);
            pair.rejected = "bad " + std::to_string(i);
            data.pairs.push_back(pair);
            // Squares: groups of equally many pairs are not groups of equal width.
            const double gap = double(rankOf(i)) * rankOf(i) - 100.0;
            scores.push_back(
                i < kScored ? PairScore {gap + 1.0, 1.0} : PairScore {std::numeric_limits<double>::quiet_NaN(), 0.0});
        }
        m_project->addDataset(data, "a test");
        m_project->addScoreSet({0, "scores", "pairs", "2-fold", true, kPairs, nowUtc()}, scores);
    }

    void strataHaveEquallyMany_data()
    {
        QTest::addColumn<int>("prompts");
        QTest::addColumn<int>("strata");
        QTest::newRow("even") << 12 << 3;
        QTest::newRow("with a remainder") << 11 << 4;
        QTest::newRow("two") << 9 << 2;
        QTest::newRow("fewer prompts than strata") << 3 << 5;
        QTest::newRow("all there are") << 47 << 3;
        QTest::newRow("more than there are") << 1000 << 7;
    }
    void strataHaveEquallyMany()
    {
        QFETCH(int, prompts);
        QFETCH(int, strata);
        const std::vector<std::int64_t> pairs = drawn(prompts, strata, 3);
        const int expected = std::min(prompts, kScored);
        QCOMPARE(int(pairs.size()), expected);
        QCOMPARE(int(std::set<std::int64_t>(pairs.begin(), pairs.end()).size()), expected); // each once
        std::vector<int> counts(std::size_t(strata), 0);
        for (const std::int64_t pair : pairs) {
            QVERIFY2(pair < kScored, "a pair without a score was drawn");
            int stratum = strata - 1; // by rank, the boundaries at i / strata of the pairs
            while (rankOf(pair) < kScored * stratum / strata)
                --stratum;
            ++counts[std::size_t(stratum)];
        }
        for (const int count : counts)
            QVERIFY2(std::abs(double(count) - double(expected) / strata) < 1.0, qPrintable(QString::number(count)));
    }

    void theSeedDecides()
    {
        const auto first = drawn(12, 3, 3);
        QVERIFY(drawn(12, 3, 3) == first); // order too
        const auto other = drawn(12, 3, 4);
        QVERIFY(std::set(other.begin(), other.end()) != std::set(first.begin(), first.end()));
        const auto plain = drawn(12, 0, 3);
        QVERIFY(std::set(plain.begin(), plain.end()) != std::set(first.begin(), first.end()));
    }

    /// Over many seeds every pair of a stratum comes about equally often: 4 of 15 or 16.
    void pairsOfAStratumAreDrawnAlike()
    {
        constexpr int kSeeds = 120;
        std::vector<int> counts(kScored, 0);
        for (int seed = 0; seed < kSeeds; ++seed)
            for (const std::int64_t pair : drawn(12, 3, std::uint64_t(seed)))
                ++counts[std::size_t(pair)];
        // Binomial(120, 4/15.5): 31 with a deviation of 4.8; 47 of them beyond 5 deviations: once in 40,000.
        for (const int count : counts)
            QVERIFY2(count > 7 && count < 55, qPrintable(QString::number(count)));
    }

    void whatCannotBeDrawnSaysWhy()
    {
        const auto says = [&](int strata, const char* data) {
            CreateEvaluation command;
            command.data = data;
            command.gapStrata = strata;
            return messageOf([&] { eventsOf<EvaluationCreated>(m_project, command); });
        };
        QVERIFY(says(48, "pairs").find("only 47 of its pairs have a score") != std::string::npos);
        Dataset data {"unscored", DatasetKind::Pairs, {}};
        PreferencePair pair;
        pair.prompt = pair.chosen = "x";
        pair.rejected = "y";
        data.pairs.push_back(pair);
        m_project->addDataset(data, "a test");
        QVERIFY(says(2, "unscored").find("mpo score") != std::string::npos);
    }

    /// Three sources in files: a session for every two, on the prompts that both have answered.
    void sourcesInFiles()
    {
        const auto write = [&](const char* name, const std::string& text) {
            const std::filesystem::path file = m_folder.filePath(QLatin1String(name)).toStdString();
            writeFileAtomically(file, text);
            return file.string();
        };
        std::string x, yz;
        for (int i = 0; i < 6; ++i) {
            const std::string number = std::to_string(i);
            x += toLine({{"instruction", "prompt " + number}, {"output", "x says " + number}, {"generator", "x"}})
                + "\n";
            if (i > 0)
                yz += toLine({{"instruction", "prompt " + number}, {"output_1", "y says " + number},
                          {"generator_1", "y"}, {"output_2", "As an AI I pass"}, {"generator_2", "z"}})
                    + "\n";
        }
        CreateEvaluation command;
        command.sources = {write("x.jsonl", x), write("yz.jsonl", yz)};
        command.prompts = 4;
        command.name = "three";
        const auto created = eventsOf<EvaluationCreated>(m_project, command);
        QCOMPARE(created.size(), std::size_t(3));
        std::set<std::string> compared;
        for (const EvaluationCreated& one : created) {
            const EvaluationRow row = m_project->evaluation(one.name);
            compared.insert(row.sourceA + row.sourceB);
            QCOMPARE(row.items, std::int64_t(4));
            QCOMPARE(one.leaks, std::int64_t(row.sourceB == "z" ? 4 : 0));
            QVERIFY(row.config.value("from_a", "").ends_with("jsonl#" + row.sourceA));
            QVERIFY(!row.config.contains("temperature"));
            for (const EvaluationItemInput& item : m_project->blindItems(one.evaluation)) {
                QCOMPARE(item.pair, std::int64_t(-1));
                const char number = item.prompt.at(item.prompt.find("prompt ") + 7);
                QVERIFY(number != '0'); // only x has answered that
                if (row.sourceA != "z")
                    QCOMPARE(item.responseA, row.sourceA + " says " + number);
            }
        }
        QCOMPARE(compared, (std::set<std::string> {"xy", "xz", "yz"}));

        // Of the data set, those that both have answered; one source of a file; without those that say who they are.
        command.sources = {command.sources[0], command.sources[1] + "#y"};
        command.data = "pairs";
        command.prompts = 50;
        const auto some = eventsOf<EvaluationCreated>(m_project, command);
        QCOMPARE(some.size(), std::size_t(1));
        QCOMPARE(m_project->evaluation(some[0].name).items, std::int64_t(5));
        for (const EvaluationItemInput& item : m_project->blindItems(some[0].evaluation))
            QCOMPARE(item.prompt, "prompt " + std::to_string(item.pair));
        command.sources.back().back() = 'z';
        command.withoutLeaks = true;
        QVERIFY(messageOf([&] { eventsOf<EvaluationCreated>(m_project, command); }).find("nothing is left")
            != std::string::npos);
        command.sources.back().back() = 'q';
        QVERIFY(messageOf([&] { eventsOf<EvaluationCreated>(m_project, command); }).find("there are y, z")
            != std::string::npos);
        command.sources.pop_back();
        QVERIFY(messageOf([&] { eventsOf<EvaluationCreated>(m_project, command); }).find("two sources at least")
            != std::string::npos);
    }

    void criteriaAreThoseOfTheSession()
    {
        CreateEvaluation command;
        command.data = "pairs";
        command.prompts = 2;
        command.criteria = {"clear", "kind"};
        command.strength = true;
        const auto created = eventsOf<EvaluationCreated>(m_project, command).front();
        const Json config = m_project->evaluation(created.name).config;
        QVERIFY(criteriaOf(config) == command.criteria);
        QVERIFY(asksStrength(config));
        command.criteria = {"overall"};
        QVERIFY(messageOf([&] { eventsOf<EvaluationCreated>(m_project, command); }).find("verdict itself")
            != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestCreateEvaluation)
#include "tst_create_evaluation.moc"
