// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/project_report.h"

#include "core/config/settings.h"
#include "core/report/repeat_commands.h"
#include "core/report/versions.h"
#include "tests/common/message_of.h"

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

using namespace mpo;

/// A project as `mpo` would leave it, made through the store: data, scores, split, reward model, DPO.
class TestProjectReport : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::shared_ptr<Project> m_project;
    std::int64_t m_dpo = 0;

    std::int64_t addRun(const std::string& stage, const std::string& name, Json config, StageKind kind,
        const std::vector<std::pair<std::string, SettingValue>>& changed)
    {
        Settings settings(kind);
        for (const auto& [setting, value] : changed)
            settings.set(setting, value);
        config["out"] = name;
        config["settings"] = settings.toJson();
        const std::int64_t run = m_project->beginRun(stage, name, config, {});
        for (int step = 1; step <= 5; ++step)
            m_project->addMetrics(run, step, step, {{"loss", 1.0 / step}, {"rewards/margins", 0.1 * step}});
        m_project->setRunProgress(run, 5, 5);
        m_project->endRun(run, RunState::Finished, "");
        ModelRow model;
        model.name = name;
        model.folder = "models/" + name;
        model.kind = stage == "reward" ? "reward" : "policy";
        model.family = "llama";
        model.digest = "digest-of-" + name;
        model.run = run;
        model.parent = config.value("model", "");
        model.created = nowUtc();
        m_project->addModel(model);
        return run;
    }

    std::string page(std::int64_t run = 0) { return htmlReport(projectReport(*m_project, run)); }

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        m_project = Project::open(m_folder.filePath(QStringLiteral("p%1.mpo").arg(++number)).toStdString());
        Dataset data {"pairs", DatasetKind::Pairs, {}};
        for (int i = 0; i < 6; ++i) {
            PreferencePair& pair = data.pairs.emplace_back();
            pair.prompt = "Question <" + std::to_string(i) + ">";
            pair.chosen = "good";
            pair.rejected = "bad";
        }
        m_project->addDataset(data, "/data/it's pairs.jsonl");
        ModelRow base;
        base.name = "base";
        base.folder = "models/base";
        base.kind = "policy";
        base.family = "llama";
        base.digest = "digest-of-base";
        base.created = nowUtc();
        m_project->addModel(base);
        addRun("reward", "rm", {{"model", "base"}, {"data", "pairs"}}, StageKind::Reward, {{"learning_rate", 1e-4}});
        ScoreSetRow scores;
        scores.name = "scores";
        scores.dataset = "pairs";
        scores.rewardModel = "rm";
        scores.pairs = 6;
        scores.created = nowUtc();
        m_project->addScoreSet(scores, {{1, 0}, {2, 0}, {3, 0}, {0, 1}, {0.5, 0}, {0.2, 0}});
        SplitRow split;
        split.name = "split";
        split.dataset = "pairs";
        split.scoreSet = "scores";
        const std::vector<double> gaps {1, 2, 3, -1, 0.5, 0.2};
        SplitRule rule;
        rule.by = SplitRule::By::Gap;
        rule.value = -0.25;
        split.split = splitPairs(gaps, rule);
        split.created = nowUtc();
        m_project->addSplit(split);
        m_dpo = addRun("dpo", "tuned", {{"model", "base"}, {"data", "pairs"}, {"split", "split"}}, StageKind::Dpo,
            {{"beta", 0.25}, {"max_steps", std::int64_t(5)}});
        m_project->addSamples(m_dpo, {{0, 0, "Say <hi>", "first answer", {}}, {5, 0, "Say <hi>", "last answer", 1.25}});
    }

    void cleanup() { m_project.reset(); }

    void holdsWhatAnotherPersonNeeds()
    {
        const std::string html = page();
        QXmlStreamReader reader(QByteArray::fromStdString(html));
        QStringList headings;
        int figures = 0;
        while (!reader.atEnd()) {
            reader.readNext();
            if (reader.isStartElement() && reader.name() == QLatin1String("svg"))
                ++figures;
            if (reader.isStartElement() && reader.name() == QLatin1String("h2"))
                headings << reader.readElementText();
        }
        QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
        QCOMPARE(headings,
            (QStringList {QStringLiteral("Data"), QStringLiteral("Reward gaps and split"),
                QStringLiteral("Run 1: reward makes rm"), QStringLiteral("Run 2: dpo makes tuned"),
                QStringLiteral("Evaluation"), QStringLiteral("How to repeat this")}));
        QCOMPARE(figures, 1 + 2 + 2); // histogram, two curves of each run
        const auto has = [&](const std::string& part) {
            if (html.find(part) == std::string::npos)
                qWarning("missing: %s", part.c_str());
            return html.find(part) != std::string::npos;
        };
        QVERIFY(has(m_project->dataset("pairs")->digest));
        QVERIFY(has("digest-of-base") && has("digest-of-tuned"));
        QVERIFY(has("first answer") && has("last answer\n(score 1.25)") && has("Say &lt;hi&gt;"));
        // Easy: gaps above -0.25, which is all but one.
        QVERIFY(has("<td>gap above -0.25</td>"));
        QVERIFY(has(programVersion()) && has("LibTorch"));
        // Nothing from outside.
        static const QRegularExpression outside(QStringLiteral("(src|href)=\"|url\\(|@import|<script"));
        QVERIFY(!QString::fromStdString(html).contains(outside));
    }

    void changedSettingsAreMarked()
    {
        const std::string html = page();
        QVERIFY(html.find("● beta</td><td>0.25</td><td>0.1</td>") != std::string::npos
            || html.find("● beta</td><td class=\"number\">0.25</td><td class=\"number\">0.1</td>")
                != std::string::npos);
        QVERIFY(html.find("● label_smoothing") == std::string::npos);
        QVERIFY(html.find("label_smoothing = 0") != std::string::npos); // but it is told
    }

    void commandsRepeatTheChain()
    {
        const std::string commands = repeatCommands(*m_project, reportChain(*m_project));
        QCOMPARE(QString::fromStdString(commands).split(QLatin1Char('\n')),
            (QStringList {QStringLiteral("mpo data import '/data/it'\\''s pairs.jsonl' --name pairs"),
                QStringLiteral(
                    "# model base: brought in, digest digest-of-base (`mpo model import FOLDER --name base`)"),
                QStringLiteral("mpo train reward --model base --data pairs --out rm --set learning_rate=0.0001"),
                QStringLiteral("mpo score --model rm --data pairs --name scores"),
                QStringLiteral("mpo split --data pairs --scores scores --gap=-0.25 --name split"),
                QStringLiteral("mpo train dpo --model base --data pairs --out tuned --split split --set beta=0.25 "
                               "--set max_steps=5")}));
    }

    void blindSessionsStayBlind()
    {
        EvaluationRow row;
        row.name = "tuned against base";
        row.sourceA = "tuned";
        row.sourceB = "walrus";
        row.created = nowUtc();
        row.config = {{"data", "pairs"}, {"prompts", 2}, {"seed", 1}, {"max_new_tokens", 8}, {"temperature", 0.5}};
        const std::int64_t id = m_project->addEvaluation(row, {{"p", "a", "b"}, {"q", "c", "d"}});
        m_project->judge(id, 0, {Verdict::Left, "", 1.0}, "anna");
        std::string html = page();
        QVERIFY(html.find("walrus") == std::string::npos);
        QVERIFY(html.find("still blind") != std::string::npos);
        QVERIFY(html.find("anna") == std::string::npos);
        m_project->closeEvaluation(id);
        html = page();
        QVERIFY(html.find("tuned is ahead of walrus, but not by enough to be sure") != std::string::npos);
        QVERIFY(html.find("mpo evaluate create --source tuned --source walrus --data pairs --name &#39;tuned against "
                          "base&#39; --prompts 2 --seed 1 --max-new-tokens 8 --temperature 0.5")
            != std::string::npos);
    }

    void theChosenRunEndsTheChain()
    {
        const ReportChain chain = reportChain(*m_project, 1);
        QCOMPARE(chain.runs.size(), std::size_t(1));
        QVERIFY(chain.splits.empty());
        const std::string html = page(1);
        QVERIFY(html.find("Run 2: dpo") == std::string::npos);
        QVERIFY(html.find("Other runs of the project") != std::string::npos);
        QVERIFY(messageOf([&] { page(99); }).find("no run 99") != std::string::npos);
    }

    void anEmptyProjectHasAReportToo()
    {
        m_project = Project::open(m_folder.filePath(QStringLiteral("empty.mpo")).toStdString());
        QVERIFY(page().find("Nothing has been trained") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestProjectReport)
#include "tst_project_report.moc"
