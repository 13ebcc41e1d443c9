// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/near.h"
#include "tests/parity/parity.h"

using namespace parity;

namespace {

/// Of a sum of log-probs or a score, relative to its size where that is above 1; README.md has what is measured.
constexpr double kTolerance = 2e-5;

} // namespace

/// Models of every family, in every spelling of their folders, against transformers.
class TestParityModels : public QObject
{
    Q_OBJECT

    Program m_program;
    QJsonObject m_models = readJson(fixture(QStringLiteral("models.json")));
    double m_worstLogProb = 0.0, m_worstScore = 0.0;

    void addCases(const QString& kind, const QString& needs) const
    {
        QTest::addColumn<QJsonObject>("model");
        for (const QJsonValue& value : m_models.value(QLatin1String("cases")).toArray()) {
            const QJsonObject model = value.toObject();
            const QString name = model.value(QLatin1String("name")).toString();
            if (model.value(QLatin1String("kind")).toString() == kind && model.contains(needs))
                QTest::newRow(qPrintable(name)) << model;
        }
    }
    /// The folder as a user would have it, made of the shared weights and the case's own config.json.
    QString folderOf(const QJsonObject& model) const
    {
        const QString folder = m_program.path(model.value(QLatin1String("name")).toString());
        copyFolder(fixture(QStringLiteral("models/") + model.value(QLatin1String("folder")).toString()), folder);
        const QString config = folder + QStringLiteral("/config.json");
        if (model.contains(QLatin1String("config")))
            replaceFile(fixture(QStringLiteral("configs/") + model.value(QLatin1String("config")).toString()), config);
        const QJsonObject changes = model.value(QLatin1String("config_changes")).toObject();
        if (!changes.isEmpty()) {
            changeJson(config, changes);
            const bool padded = changes.value(QLatin1String("pad_token_id")) == QJsonValue(0);
            addTokenizer(folder, padded ? Padding::Token : Padding::None);
        }
        return folder;
    }
    Result run(const QString& arguments, const QString& folder) const
    {
        return m_program.run(arguments.split(QLatin1Char(' '))
            + QStringList {QStringLiteral("--json"), QStringLiteral("--model"), folder});
    }

private Q_SLOTS:
    void initTestCase();
    void logProbs_data() { addCases(QStringLiteral("causal"), QStringLiteral("chosen")); }
    void logProbs();
    void greedy_data() { addCases(QStringLiteral("causal"), QStringLiteral("greedy")); }
    void greedy();
    void scores_data() { addCases(QStringLiteral("reward"), QStringLiteral("chosen")); }
    void scores();
    void scoresOfText_data() { addCases(QStringLiteral("reward"), QStringLiteral("text_chosen")); }
    void scoresOfText();
    void cleanupTestCase();
};

void TestParityModels::initTestCase()
{
    QVERIFY(m_program.isValid());
    QVERIFY(m_models.value(QLatin1String("cases")).toArray().size() > 100);
    m_program.write(QStringLiteral("rows.jsonl"), jsonLines(m_models.value(QLatin1String("rows")).toArray()));
    m_program.write(QStringLiteral("texts.jsonl"), jsonLines(m_models.value(QLatin1String("text_rows")).toArray()));
}

void TestParityModels::logProbs()
{
    QFETCH(QJsonObject, model);
    const Result result = run(QStringLiteral("logprobs --data rows.jsonl"), folderOf(model));
    QVERIFY2(result.status == 0, result.err.constData());
    const double difference = worstOfPair(result.rows(), "_logprob", model);
    m_worstLogProb = qMax(m_worstLogProb, difference);
    COMPARE_NEAR(difference, 0.0, kTolerance);
}

void TestParityModels::greedy()
{
    QFETCH(QJsonObject, model);
    const QJsonArray expected = model.value(QLatin1String("greedy")).toArray();
    const QJsonArray all = m_models.value(QLatin1String("rows")).toArray();
    QJsonArray prompts;
    for (const QJsonValue& row : model.value(QLatin1String("greedy_rows")).toArray()) {
        const QJsonValue ids = all[row.toInt()].toObject().value(QLatin1String("prompt_ids"));
        prompts.append(QJsonObject {{QStringLiteral("prompt_ids"), ids}});
    }
    m_program.write(QStringLiteral("prompts.jsonl"), jsonLines(prompts));
    const Result result
        = run(QStringLiteral("sample --greedy --max-new-tokens 24 --data prompts.jsonl"), folderOf(model));
    QVERIFY2(result.status == 0, result.err.constData());
    const auto rows = result.rows();
    QCOMPARE(rows.size(), expected.size());
    for (qsizetype i = 0; i < rows.size(); ++i)
        QCOMPARE(rows[i].value(QLatin1String("ids")).toArray(), expected[i].toArray());
}

void TestParityModels::scores()
{
    QFETCH(QJsonObject, model);
    const Result result = run(QStringLiteral("score --data rows.jsonl"), folderOf(model));
    QVERIFY2(result.status == 0, result.err.constData());
    const double difference = worstOfPair(result.rows(), "_score", model);
    m_worstScore = qMax(m_worstScore, difference);
    COMPARE_NEAR(difference, 0.0, kTolerance);
}

void TestParityModels::scoresOfText()
{
    QFETCH(QJsonObject, model);
    const Result result = run(QStringLiteral("score --data texts.jsonl"), folderOf(model));
    QVERIFY2(result.status == 0, result.err.constData());
    const double difference = worstOfPair(result.rows(), "_score", model, "text_");
    m_worstScore = qMax(m_worstScore, difference);
    COMPARE_NEAR(difference, 0.0, kTolerance);
}

void TestParityModels::cleanupTestCase()
{
    qInfo("worst relative difference: log-probs %.1e, scores %.1e", m_worstLogProb, m_worstScore);
}

QTEST_GUILESS_MAIN(TestParityModels)
#include "tst_parity_models.moc"
