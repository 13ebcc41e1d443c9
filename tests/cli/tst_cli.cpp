// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/tiny_model.h"
#include "tests/common/program.h"

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QTest>

#include <cmath>
#include <csignal>

/// Runs the program as a script does.
class TestCli : public QObject
{
    Q_OBJECT

    Program m_program;

    QString path(const char* name) const { return m_program.path(QLatin1String(name)); }
    void write(const char* name, const QByteArray& content) const { m_program.write(QLatin1String(name), content); }
    /// Arguments separated by spaces; the temporary folder, the current one, is free of them.
    static QStringList split(const char* arguments)
    {
        return QString::fromLatin1(arguments).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    }
    void start(QProcess& process, const char* arguments) const { m_program.start(process, split(arguments)); }
    Result run(const char* arguments, const QByteArray& input = {}) const
    {
        return m_program.run(split(arguments), input);
    }

private Q_SLOTS:
    void initTestCase();
    void explainsItself();
    void refusesBadArguments_data();
    void refusesBadArguments();
    void failsWithOneSentence_data();
    void failsWithOneSentence();
    void tokenizeReportsBadLines();
    void importsWithReport();
    void importsSplitsOfAFolder();
    void exportsWhatImportsAgain();
    void refusesEmptyData();
    void listsAreJson();
    void settingsAreDeclared();
    void presetsAndFiles();
    void ppoTermsByHand();
    void logProbsByHand();
    void agreesWithTransformers_data();
    void agreesWithTransformers();
    void samples();
    void trainsDpo();
    void takesTheFlagOfASetting();
    void onePairIsEnough();
    void trainsRewardAndSplits();
    void stopsOnInterruptAndGoesOn();
    void writesACheckpointOnSignal();
    void showsAlarms();
    void survivesAClosedPipe();
};

void TestCli::initTestCase()
{
    QVERIFY(m_program.isValid());
    tiny_model::write(path("tiny"));
    write("pairs.jsonl",
        R"({"prompt_ids":[1,2],"chosen_ids":[3,4,10],"rejected_ids":[5,10]}
{"prompt_ids":[2,3,4],"chosen_ids":[6,10],"rejected_ids":[7,8,9,10]}
{"prompt_ids":[1],"chosen_ids":[3,10],"rejected_ids":[8,10]}
{"prompt_ids":[9],"chosen_ids":[3,3,10],"rejected_ids":[2,10]}
)");
    write("one.jsonl", R"({"prompt_ids":[1,2],"chosen_ids":[3,4,10],"rejected_ids":[5,10]})");
    write("empty.jsonl", "");
    write("text.jsonl",
        R"({"prompt":"Say hello.","chosen":"Hello!","rejected":"No."}
this is not JSON
{"prompt":"Say bye.","chosen":"Bye!"}
{"prompt":"Same","chosen":"x","rejected":"x"}
{"prompt":"Say hello.","chosen":"Hello!","rejected":"No."}
{"prompt":"Count.","chosen":"1 2 3","rejected":"3 1"}
)");
}

void TestCli::explainsItself()
{
    const Result version = run("--version");
    QCOMPARE(version.status, 0);
    QVERIFY(version.out.startsWith("mpo "));
    const Result help = run("help train dpo");
    QCOMPARE(help.status, 0);
    QVERIFY(help.out.contains("mpo train dpo"));
    QVERIFY(help.out.contains("--learning-rate"));
    QCOMPARE(run("train dpo --help").out, help.out);
}

void TestCli::refusesBadArguments_data()
{
    QTest::addColumn<QByteArray>("arguments");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* arguments, const char* says) {
        QTest::newRow(arguments) << QByteArray(arguments) << QByteArray(says);
    };
    row("", "subcommand");
    row("trian", "\"train\"");
    row("train dpo --data pairs.jsonl --out x", "--model");
    row("train dpo --model tiny --data pairs.jsonl --out x --learning-rte 1", "\"--learning-rate\"");
    row("train dpo --model tiny --data pairs.jsonl --out x --set beat=1", "\"beta\"");
    row("train dpo --model tiny --data pairs.jsonl --out x --set beta", "name=value");
    row("train dpo --model tiny --data pairs.jsonl --out x --beta=-1", "beta");
    row("train dpo --model tiny --data pairs.jsonl --out x --batch-size many", "batch_size");
    row("train dpo --model tiny --data pairs.jsonl --out x --bucket easy", "--split");
    row("train dpo --model tiny --data pairs.jsonl --out x --preset huge", "tiny");
    row("train dpo --model tiny --data pairs.jsonl --out x --settings nowhere.yaml", "nowhere.yaml");
    row("score --data pairs.jsonl", "--model");
    row("score --data pairs.jsonl --folds 2", "--base");
    row("split --data pairs.jsonl --scores s", "--easy-share");
    row("settings foo", "sft, reward, dpo and ppo");
}

void TestCli::refusesBadArguments()
{
    QFETCH(QByteArray, arguments);
    QFETCH(QByteArray, says);
    const Result result = run(arguments.constData());
    QCOMPARE(result.status, 2);
    QVERIFY2(result.isOneSentence(), result.err.constData());
    QVERIFY2(result.err.contains(says), result.err.constData());
}

void TestCli::failsWithOneSentence_data()
{
    QTest::addColumn<QByteArray>("arguments");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* arguments, const char* says) {
        QTest::newRow(arguments) << QByteArray(arguments) << QByteArray(says);
    };
    row("data import nowhere.jsonl", "nowhere.jsonl");
    row("data show nowhere", "nowhere");
    row("--project nowhere.mpo data list", "nowhere.mpo");
    row("model info nowhere", "nowhere");
    row("runs show 4711", "4711");
    row("evaluate report nowhere", "nowhere");
    row("run nowhere.yaml", "nowhere.yaml");
    row("ppo-terms --data one.jsonl", "row 1");
    row("ppo-terms --data text.jsonl", "text.jsonl: line 2 is not JSON");
    row("logprobs --model tiny --data nowhere.jsonl", "nowhere.jsonl");
    row("logprobs --model nowhere --data pairs.jsonl", "nowhere");
    row("score --model tiny --data pairs.jsonl", "reward model");
    row("train ppo --model tiny --data pairs.jsonl --out x --reward-model tiny", "reward model");
    row("split --data pairs.jsonl --scores nowhere --gap 0", "nowhere");
    row("split --data pairs.jsonl --scores one.jsonl --gap 0", "chosen_score");
}

void TestCli::failsWithOneSentence()
{
    QFETCH(QByteArray, arguments);
    QFETCH(QByteArray, says);
    const Result result = run(("--quiet " + arguments).constData());
    QCOMPARE(result.status, 1);
    QVERIFY2(result.isOneSentence(), result.err.constData());
    QVERIFY2(result.err.contains(says), result.err.constData());
}

void TestCli::tokenizeReportsBadLines()
{
    const Result result = run("tokenize --model tiny", R"({"text": "a"})");
    QCOMPARE(result.status, 1);
    QVERIFY2(result.isOneSentence() && result.err.contains("tokenizer.json"), result.err.constData());
}

void TestCli::importsWithReport()
{
    const Result result = run("--project a.mpo --json data import text.jsonl --name greetings");
    QCOMPARE(result.status, 0);
    const auto rows = result.rows();
    QCOMPARE(rows.size(), 1);
    QCOMPARE(rows[0].value(QLatin1String("name")).toString(), QStringLiteral("greetings"));
    QCOMPARE(rows[0].value(QLatin1String("imported")).toInt(), 2);
    QCOMPARE(rows[0].value(QLatin1String("malformed")).toInt(), 2);
    QCOMPARE(rows[0].value(QLatin1String("identical_responses")).toInt(), 1);
    QCOMPARE(rows[0].value(QLatin1String("duplicates")).toInt(), 1);
    const QJsonArray issues = rows[0].value(QLatin1String("issues")).toArray();
    QCOMPARE(issues.size(), 4);
    QCOMPARE(issues[0].toObject().value(QLatin1String("line")).toInt(), 2);

    const Result shown = run("--project a.mpo --json data show greetings --limit 1");
    QCOMPARE(shown.rows().size(), 1);
    QCOMPARE(shown.rows()[0].value(QLatin1String("chosen")).toString(), QStringLiteral("Hello!"));
}

void TestCli::importsSplitsOfAFolder()
{
    QVERIFY(QDir().mkpath(path("hub/data")));
    write("hub/data/train-00000-of-00002.jsonl", R"({"prompt":"one","chosen":"a","rejected":"b"})");
    write("hub/data/train-00001-of-00002.jsonl", R"({"prompt":"two","chosen":"a","rejected":"b"})");
    write("hub/data/test-00000-of-00001.jsonl", R"({"prompt":"three","chosen":"a","rejected":"b"})");
    const auto rows = run("--project f.mpo --json data import hub --name mine").rows();
    QCOMPARE(rows.size(), 2);
    QCOMPARE(rows[0].value(QLatin1String("name")).toString(), QStringLiteral("mine-train"));
    QCOMPARE(rows[0].value(QLatin1String("imported")).toInt(), 2);
    QCOMPARE(rows[1].value(QLatin1String("name")).toString(), QStringLiteral("mine-test"));
    const auto one = run("--project f.mpo --json data import hub --name only --split test").rows();
    QCOMPARE(one.size(), 1);
    QCOMPARE(one[0].value(QLatin1String("name")).toString(), QStringLiteral("only"));
    const Result wrong = run("--project f.mpo data import hub --split dev");
    QVERIFY2(wrong.status == 1 && wrong.err.contains("there are test, train"), wrong.err.constData());
}

void TestCli::exportsWhatImportsAgain()
{
    QCOMPARE(run("--project e.mpo data import text.jsonl --name given").status, 0);
    for (const char* name : {"out.jsonl", "out.jsonl.gz", "out.csv"}) {
        const QString file = QLatin1String(name);
        const Result written
            = run(qPrintable(QStringLiteral("--project e.mpo --json data export given --out ") + file));
        QVERIFY2(written.status == 0 && written.rows().size() == 1, written.err.constData());
        QVERIFY(written.rows()[0].value(QLatin1String("rows")).toInt() > 0);
        QCOMPARE(run(qPrintable(QStringLiteral("--project e.mpo data import %1 --name again-%1").arg(file))).status, 0);
    }
    QSet<QString> digests;
    for (const auto& row : run("--project e.mpo --json data list").rows())
        digests.insert(row.value(QLatin1String("digest")).toString());
    QCOMPARE(digests.size(), 1);
    const Result wrong = run("--project e.mpo data export given --out x.jsonl --bucket easy");
    QVERIFY2(wrong.status != 0 && wrong.err.contains("--split and --bucket"), wrong.err.constData());
    QVERIFY(run("--project e.mpo data export nothing --out x.jsonl").err.contains("given"));
}

void TestCli::refusesEmptyData()
{
    const Result result = run("--project a.mpo data import empty.jsonl");
    QCOMPARE(result.status, 1);
    QVERIFY(result.err.contains("empty.jsonl"));
    QCOMPARE(run("logprobs --model tiny --data empty.jsonl").status, 1);
}

void TestCli::listsAreJson()
{
    QCOMPARE(run("--project a.mpo data import text.jsonl --name listed --quiet").status, 0);
    const Result data = run("--project a.mpo data list --json");
    QCOMPARE(data.status, 0);
    QVERIFY(!data.rows().isEmpty());
    QVERIFY(data.err.isEmpty());
    for (const char* list : {"--project a.mpo runs list --json", "--project a.mpo model list --json",
             "--project a.mpo evaluate list --json"}) {
        const Result result = run(list);
        QCOMPARE(result.status, 0);
        QCOMPARE(result.rows().size(), result.out.count('\n'));
    }
}

void TestCli::settingsAreDeclared()
{
    bool found = false;
    for (const QJsonObject& row : run("settings dpo --json").rows())
        if (row.value(QLatin1String("name")).toString() == QLatin1String("beta")) {
            found = true;
            QCOMPARE(number(row, "default"), 0.1);
            QVERIFY(!row.value(QLatin1String("help")).toString().isEmpty());
        }
    QVERIFY(found);
}

void TestCli::presetsAndFiles()
{
    const auto presets = run("settings dpo --presets --json").rows();
    QCOMPARE(presets.size(), 4);
    QCOMPARE(presets[1].value(QLatin1String("preset")).toString(), QStringLiteral("small"));
    QCOMPARE(number(presets[1].value(QLatin1String("settings")).toObject(), "learning_rate"), 2e-6);
    QVERIFY(run("settings dpo --presets").out.contains("gradient_accumulation"));

    // What comes later wins: preset, file, --set.
    write("mine.yaml", "model: m\ndata: d\ndpo:\n  learning_rate: 5e-5\n  beta: 0.25\n");
    const auto rateOf = [&](const char* more, const char* out) {
        const Result result = run(QByteArray("--project q.mpo --json train dpo --model tiny --data pairs.jsonl --set "
                                             "max_steps=1 lr_schedule=constant batch_size=2 --out ")
                                      .append(out)
                                      .append(' ')
                                      .append(more)
                                      .constData());
        return result.status == 0 ? number(result.rows().value(0), "learning_rate") : -1.0;
    };
    QCOMPARE(rateOf("--preset auto", "a"), 1e-4); // the model is tiny
    QCOMPARE(rateOf("--preset small", "b"), 2e-6);
    QCOMPARE(rateOf("--preset auto --settings mine.yaml", "c"), 5e-5);
    QCOMPARE(rateOf("--preset auto --settings mine.yaml --learning-rate 3e-5", "d"), 3e-5);
    QCOMPARE(rateOf("", "e"), 1e-6);
}

void TestCli::ppoTermsByHand()
{
    // One response of two tokens, gamma = lam = 1:
    // kl = (0.5, -0.25); rewards = (-0.1 * 0.5, 0.1 * 0.25 + 2) = (-0.05, 2.025); returns: 2.025, and -0.05 + 2.025
    // = 1.975; advantages = returns - values = (0.975, 1.525), mean 1.25, deviation (Bessel) sqrt(2 * 0.275^2) =
    // 0.388909; whitened = -+ 0.707107. Ratios 1 and e^0.5 = 1.648721, clipped to 1.2 for the positive advantage:
    // policy loss = (0.707107 - 0.707107 * 1.2) / 2 = -0.0707107. Values move from (1, 0.5) to (1, 1.5), clipped to
    // 0.7: errors (0.975^2, max(0.525^2, 1.325^2)) = (0.950625, 1.755625), value loss = (their sum) / 4 = 0.6765625.
    write("rollout.jsonl",
        R"({"kl_coef":0.1,"gamma":1,"lam":1,"cliprange":0.2,"cliprange_value":0.2,"vf_coef":0.1,"logprobs":[[-1,-2]],)"
        R"("ref_logprobs":[[-1.5,-1.75]],"values":[[1,0.5]],"new_logprobs":[[-1,-1.5]],"new_values":[[1,1.5]],"scores":[2]})");
    const Result result = run("ppo-terms --data rollout.jsonl --json");
    QCOMPARE(result.status, 0);
    QCOMPARE(result.rows().size(), 1);
    const QJsonObject row = result.rows()[0];
    const auto at
        = [&](const char* key, int i) { return row.value(QLatin1String(key)).toArray()[0].toArray()[i].toDouble(); };
    const auto near = [](double actual, double expected) { return std::abs(actual - expected) < 1e-6; };
    QVERIFY(near(at("kl", 0), 0.5) && near(at("kl", 1), -0.25));
    QVERIFY(near(number(row, "mean_kl"), 0.25));
    QVERIFY(near(at("rewards", 0), -0.05) && near(at("rewards", 1), 2.025));
    QVERIFY(near(at("advantages", 0), 0.975) && near(at("advantages", 1), 1.525));
    QVERIFY(near(at("returns", 0), 1.975) && near(at("returns", 1), 2.025));
    QVERIFY(near(at("advantages_whitened", 0), -0.707107) && near(at("advantages_whitened", 1), 0.707107));
    QVERIFY(near(number(row, "policy_loss"), -0.0707107));
    QVERIFY(near(number(row, "value_loss"), 0.6765625));
    QVERIFY(near(number(row, "loss"), -0.0707107 + 0.06765625));
    QVERIFY(near(number(row, "approx_kl"), 0.5 * 0.25 / 2.0));
    QVERIFY(near(number(row, "clip_fraction"), 0.5));
    QVERIFY(near(number(row, "value_clip_fraction"), 0.5));
}

void TestCli::logProbsByHand()
{
    const Result result = run("logprobs --model tiny --data pairs.jsonl --json");
    QCOMPARE(result.status, 0);
    const auto rows = result.rows();
    QCOMPARE(rows.size(), 4);
    const double token = -std::log(double(tiny_model::kVocabulary));
    QVERIFY(std::abs(number(rows[0], "chosen_logprob") - 3 * token) < 1e-5);
    QVERIFY(std::abs(number(rows[0], "rejected_logprob") - 2 * token) < 1e-5);
    QVERIFY(std::abs(number(rows[1], "rejected_logprob") - 4 * token) < 1e-5);
    QCOMPARE(number(rows[1], "chosen_tokens"), 2.0);
    QCOMPARE(number(rows[1], "rejected_tokens"), 4.0);
    QCOMPARE(number(rows[1], "prompt_tokens"), 3.0);
}

void TestCli::agreesWithTransformers_data()
{
    QTest::addColumn<QString>("model");
    QTest::newRow("tied") << QStringLiteral("tied");
    QTest::newRow("untied") << QStringLiteral("untied");
}

/// Goldens of transformers (tests/fixtures/model/make_model_fixture.py), through the whole program.
void TestCli::agreesWithTransformers()
{
    QFETCH(QString, model);
    const QString fixtures = QStringLiteral(MPO_FIXTURES "/model/");
    QFile file(fixtures + QStringLiteral("golden.json"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject golden = QJsonDocument::fromJson(file.readAll()).object();
    const QJsonObject expected = golden.value(model).toObject();
    QVERIFY(!expected.isEmpty());
    const auto ids = [&](const char* key) { return golden.value(QLatin1String(key)); };
    write("golden.jsonl",
        QJsonDocument(
            QJsonObject {{QStringLiteral("prompt_ids"), ids("prompt")}, {QStringLiteral("chosen_ids"), ids("chosen")},
                {QStringLiteral("rejected_ids"), ids("rejected")}})
            .toJson(QJsonDocument::Compact));

    const auto on = [&](const char* command, const QString& folder) {
        const Result result = run(QStringLiteral("%1 --model %2%3 --data golden.jsonl --json")
                                      .arg(QLatin1String(command), fixtures, folder)
                                      .toLatin1()
                                      .constData());
        return result.rows().value(0);
    };
    const QJsonObject logProbs = on("logprobs", model);
    QVERIFY(std::abs(number(logProbs, "chosen_logprob") - number(expected, "chosen")) < 1e-4);
    QVERIFY(std::abs(number(logProbs, "rejected_logprob") - number(expected, "rejected")) < 1e-4);
    const QJsonObject scored = on("score", QStringLiteral("reward"));
    const QJsonObject reward = golden.value(QLatin1String("reward")).toObject();
    QVERIFY(std::abs(number(scored, "chosen_score") - number(reward, "chosen")) < 1e-5);
    QVERIFY(std::abs(number(scored, "rejected_score") - number(reward, "rejected")) < 1e-5);

    const QJsonArray greedy = expected.value(QLatin1String("greedy")).toArray();
    QVERIFY(!greedy.isEmpty());
    const QByteArray command = QStringLiteral("sample --greedy --max-new-tokens %1").arg(greedy.size()).toLatin1();
    QCOMPARE(on(command.constData(), model).value(QLatin1String("ids")).toArray(), greedy);
}

void TestCli::samples()
{
    const Result result = run("sample --model tiny --data pairs.jsonl --max-new-tokens 5 --seed 3 --json");
    QCOMPARE(result.status, 0);
    QCOMPARE(result.rows().size(), 4);
    for (const QJsonObject& row : result.rows()) {
        const QJsonArray ids = row.value(QLatin1String("ids")).toArray();
        const QString finish = row.value(QLatin1String("finish")).toString();
        QVERIFY(!ids.isEmpty() && ids.size() <= 5);
        QCOMPARE(finish, ids.last().toInt() == tiny_model::kEos ? QStringLiteral("eos") : QStringLiteral("length"));
        QVERIFY(finish == QLatin1String("eos") || ids.size() == 5);
    }
    QCOMPARE(run("sample --model tiny --data pairs.jsonl --max-new-tokens 5 --seed 3 --json").out, result.out);
    QVERIFY(run("sample --model tiny --data pairs.jsonl --max-new-tokens 5 --seed 4 --json").out != result.out);
}

void TestCli::trainsDpo()
{
    const char* command
        = "--project t.mpo --json train dpo --model tiny --data pairs.jsonl --out aligned --set max_steps=3 "
          "batch_size=2 learning_rate=0.01 lr_schedule=constant beta=0.5";
    const Result result = run(command);
    QVERIFY2(result.status == 0, result.err.constData());
    const auto rows = result.rows();
    QCOMPARE(rows.size(), 4);
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(number(rows[i], "step"), i + 1.0);
        for (const char* name :
            {"loss", "grad_norm", "learning_rate", "rewards/chosen", "rewards/rejected", "rewards/margins"})
            QVERIFY2(std::isfinite(number(rows[i], name)), name);
        QCOMPARE(number(rows[i], "learning_rate"), 0.01);
    }
    QVERIFY(std::abs(number(rows[0], "loss") - std::log(2.0)) < 1e-6);
    QCOMPARE(number(rows[0], "rewards/margins"), 0.0);
    QVERIFY(number(rows[2], "loss") < std::log(2.0));
    QCOMPARE(rows[3].value(QLatin1String("event")).toString(), QStringLiteral("finished"));
    QCOMPARE(rows[3].value(QLatin1String("model")).toString(), QStringLiteral("aligned"));

    // The model is a folder that other tools read, and the store knows it.
    QVERIFY(QFile::exists(path("t.mpo/models/aligned/model.safetensors")));
    QCOMPARE(run("--project t.mpo --json model list").rows().value(0).value(QLatin1String("name")).toString(),
        QStringLiteral("aligned"));
    const auto steps = run("--project t.mpo --json runs show 1 --metrics").rows();
    QCOMPARE(steps.size(), 3);
    QCOMPARE(number(steps[2], "loss"), number(rows[2], "loss"));

    // Given again, it is finished already; anew, it makes the same numbers.
    const Result again = run(command);
    QCOMPARE(again.status, 0);
    QCOMPARE(again.rows().size(), 1);
    const auto anew = run(QByteArray(command).append(" --restart").constData()).rows();
    QCOMPARE(anew.size(), 4);
    for (int i = 0; i < 3; ++i)
        QCOMPARE(number(anew[i], "loss"), number(rows[i], "loss"));
}

void TestCli::takesTheFlagOfASetting()
{
    const auto rateOf = [&](const char* flags) {
        const QByteArray command
            = QByteArray("--project f.mpo --json train dpo --restart --model tiny --data one.jsonl --out x "
                         "--max-steps 1 ")
            + flags;
        return number(run(command.constData()).rows().value(0), "learning_rate");
    };
    QCOMPARE(rateOf("--learning-rate 0.25"), 0.25);
    QCOMPARE(rateOf("--learning_rate 0.125"), 0.125);
    QCOMPARE(rateOf("--learning_rate=0.5 --no-shuffle"), 0.5);
    QCOMPARE(rateOf("--set learning_rate=0.0625 shuffle=false"), 0.0625);
}

void TestCli::onePairIsEnough()
{
    QCOMPARE(run("logprobs --model tiny --data one.jsonl --json").rows().size(), 1);
    const Result result = run("--project o.mpo --json train dpo --model tiny --data one.jsonl --out one --epochs 1");
    QVERIFY2(result.status == 0, result.err.constData());
    QCOMPARE(result.rows().size(), 2);
}

void TestCli::trainsRewardAndSplits()
{
    const Result trained = run(
        "--project s.mpo --json train reward --model tiny --data pairs.jsonl --out rm --max-steps 2 --eval-share 0");
    QVERIFY2(trained.status == 0, trained.err.constData());
    const Result scored = run("--project s.mpo --json score --model rm --data pairs.jsonl");
    QVERIFY2(scored.status == 0, scored.err.constData());
    const auto rows = scored.rows();
    QCOMPARE(rows.size(), 4);
    int above = 0;
    for (const QJsonObject& row : rows) {
        const double gap = number(row, "gap");
        QVERIFY(std::abs(gap - (number(row, "chosen_score") - number(row, "rejected_score"))) < 1e-9);
        above += gap > 0.0 ? 1 : 0;
    }
    write("scores.jsonl", scored.out);
    const Result split
        = run("--project s.mpo --json split --data pairs.jsonl --scores scores.jsonl --gap 0 --name halves");
    QVERIFY2(split.status == 0, split.err.constData());
    QCOMPARE(split.rows().size(), 1);
    QCOMPARE(number(split.rows()[0], "easy"), double(above));
    QCOMPARE(number(split.rows()[0], "hard"), double(4 - above));
    QCOMPARE(number(split.rows()[0], "threshold"), 0.0);
    const Result share = run("--project s.mpo --json split --data pairs.jsonl --scores scores.jsonl --easy-share 0.25");
    QCOMPARE(number(share.rows().value(0), "easy"), 1.0);
    const Result ppo
        = run("--project s.mpo --json train ppo --model tiny --reward-model rm --data pairs.jsonl --out mpo "
              "--rollout-batch 4 --minibatch-size 4 --max-new-tokens 4 --max-steps 2");
    QVERIFY2(ppo.status == 0, ppo.err.constData());
    QVERIFY(std::isfinite(number(ppo.rows().value(0), "objective/kl")));
}

void TestCli::stopsOnInterruptAndGoesOn()
{
    /// Starts the same training, stops it after its first line; returns the step of that line.
    const auto firstStep = [&] {
        QProcess process;
        start(
            process, "--project i.mpo --json train dpo --model tiny --data pairs.jsonl --out long --max-steps 1000000");
        if (!process.waitForReadyRead(30000) || ::kill(pid_t(process.processId()), SIGINT) != 0
            || !process.waitForFinished(30000))
            return -1.0;
        if (process.exitStatus() != QProcess::NormalExit || process.exitCode() != 130)
            return -2.0;
        return number(QJsonDocument::fromJson(process.readLine()).object(), "step");
    };
    QCOMPARE(firstStep(), 1.0);
    const auto runs = run("--project i.mpo --json runs list").rows();
    QCOMPARE(runs.size(), 1);
    QCOMPARE(runs[0].value(QLatin1String("state")).toString(), QStringLiteral("stopped"));
    const double done = number(runs[0], "steps");
    QVERIFY(done >= 1.0);
    QCOMPARE(firstStep(), done + 1.0);
    QCOMPARE(run("--project i.mpo --json runs list").rows().size(), 1);
}

/// SIGUSR1 to a training that goes on; killed right after that, it goes on from there (more of this: tst_kills).
void TestCli::writesACheckpointOnSignal()
{
    const char* command = "--project u.mpo --json train sft --model tiny --data pairs.jsonl --out long "
                          "--max-steps 1000000 --checkpoint-minutes 0";
    QProcess process;
    start(process, command);
    QVERIFY(process.waitForReadyRead(30000));
    QCOMPARE(::kill(pid_t(process.processId()), SIGUSR1), 0);
    process.setReadChannel(QProcess::StandardError);
    QByteArray said;
    while (!said.contains("Checkpoint of step ")) {
        QVERIFY(process.canReadLine() || process.waitForReadyRead(30000));
        said = process.readLine();
    }
    process.kill();
    QVERIFY(process.waitForFinished(30000));
    const int step = said.split(' ').value(3).toInt();
    QVERIFY2(step > 0, said.constData());
    QVERIFY(QDir(path("u.mpo/runs/1-sft/checkpoints")).exists(QString::number(step)));

    // Other settings are refused; the same go on after that step.
    const Result other = run((QByteArray(command) + " --learning-rate 0.5").constData());
    QVERIFY2(other.status == 1 && other.err.contains("learning_rate was 2e-05 and is 0.5"), other.err.constData());
    start(process, command);
    process.setReadChannel(QProcess::StandardOutput);
    QVERIFY(process.waitForReadyRead(30000));
    QCOMPARE(number(QJsonDocument::fromJson(process.readLine()).object(), "step"), step + 1.0);
    process.kill();
    QVERIFY(process.waitForFinished(30000));
}

void TestCli::showsAlarms()
{
    const char* command = "--project w.mpo train dpo --model tiny --data pairs.jsonl --out still --learning-rate 0 "
                          "--max-steps 6 --alarm-zero-margins 3";
    const Result trained = run(command);
    QVERIFY2(trained.status == 0 && trained.err.contains("warning: Step 3: rewards/margins"), trained.err.constData());
    const QJsonArray alarms
        = run("--project w.mpo --json runs show 1").rows().value(0).value(QLatin1String("alarms")).toArray();
    QCOMPARE(alarms.size(), 1);
    QCOMPARE(alarms[0].toObject().value(QLatin1String("name")).toString(), QStringLiteral("alarm_zero_margins"));
    QCOMPARE(number(alarms[0].toObject(), "step"), 3.0);
    QVERIFY(run("--project w.mpo runs show 1").out.contains("alarm  Step 3: "));
}

void TestCli::survivesAClosedPipe()
{
    // `mpo ... | head -1`: the run ends in good order instead of being killed half-way.
    QProcess shell;
    shell.setWorkingDirectory(m_program.path());
    shell.start(QStringLiteral("sh"),
        {QStringLiteral("-c"),
            QStringLiteral(
                "{ %1 --project p.mpo --json train dpo --model tiny --data pairs.jsonl --out long --max-steps 1000000; "
                "echo $? > status; } | head -1")
                .arg(QStringLiteral(MPO_BIN "/mpo"))});
    QVERIFY(shell.waitForFinished(60000));
    QFile status(path("status"));
    QVERIFY(status.open(QIODevice::ReadOnly));
    QCOMPARE(status.readAll().trimmed(), QByteArray("141"));
    QCOMPARE(run("--project p.mpo --json runs list").rows().value(0).value(QLatin1String("state")).toString(),
        QStringLiteral("stopped"));
}

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
