// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/log_probs.h"
#include "core/model/model_folder.h"
#include "core/support/json.h"
#include "tests/common/near.h"

using namespace mpo;
namespace fs = std::filesystem;

/// Files that llama.cpp's converter made, against transformers on the models before that:
/// tests/fixtures/gguf/make_gguf_fixture.py.
class TestGgufModel : public QObject
{
    Q_OBJECT
    Json m_golden;

    static fs::path fixture(const std::string& name) { return fs::path(MPO_FIXTURES) / "gguf" / (name + ".gguf"); }

private Q_SLOTS:
    void initTestCase() { m_golden = readJsonFile(fs::path(MPO_FIXTURES) / "gguf/golden.json"); }

    void logProbsEqualTransformers_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const auto& [name, golden] : m_golden["models"].items())
            QTest::newRow(name.c_str()) << QByteArray::fromStdString(name);
    }
    void logProbsEqualTransformers()
    {
        QFETCH(QByteArray, name);
        const Model model = loadModel(fixture(name.toStdString()));
        const Json& golden = m_golden["models"][name.toStdString()];
        QCOMPARE(model.parameterCount(), golden["parameters"].get<std::int64_t>());
        const auto tokens = m_golden["tokens"].get<TokenIds>();
        PackedBatchBuilder builder;
        const std::int64_t begin = builder.add(TokenIds {tokens.front()});
        const std::int64_t rest[] {builder.add(TokenIds(tokens.begin() + 1, tokens.end()), begin)};
        const at::Tensor ours = responseLogProbs(*model.trunk, builder.build(), rest).tokens.logProbs;
        const auto theirs = golden["log_probs"].get<std::vector<double>>();
        QCOMPARE(ours.numel(), std::int64_t(theirs.size()));
        for (std::size_t i = 0; i < theirs.size(); ++i)
            COMPARE_NEAR(ours[std::int64_t(i)].item<double>(), theirs[i], 1e-4 * std::abs(theirs[i]));
    }

    void specialTokensAreRead()
    {
        const Model model = loadModel(fixture("llama"));
        QCOMPARE(model.config().bosId, std::int64_t(1));
        QCOMPARE(model.config().eosIds, std::vector<std::int64_t> {2});
        QCOMPARE(model.config().padId, std::int64_t(0));
        QVERIFY(!model.config().tiedEmbeddings);
        QVERIFY(loadModel(fixture("llama_bias")).config().tiedEmbeddings);
    }
};

QTEST_GUILESS_MAIN(TestGgufModel)
#include "tst_gguf_model.moc"
