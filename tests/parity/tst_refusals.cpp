// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/parity/parity.h"

#include <QtEndian>

#include <cstring>
#include <functional>

using namespace parity;

namespace {

const QString kLlama = QStringLiteral("llama"), kReward = QStringLiteral("llama_reward");
const QString kLogProbs = QStringLiteral("logprobs --model MODEL --data rows.jsonl");
const QString kScore = QStringLiteral("score --model MODEL --data rows.jsonl");

/// A model folder made bad by `spoil`, a command on it, and what its one sentence must name.
struct Refusal
{
    QString base, command;
    std::function<void(const QString& folder)> spoil;
    QStringList says;
};

QString in(const QString& folder, const char* name) { return folder + QLatin1Char('/') + QLatin1String(name); }

std::function<void(const QString&)> config(const QJsonObject& changes)
{
    return [changes](const QString& folder) { changeJson(in(folder, "config.json"), changes); };
}

std::function<void(const QString&)> file(const char* name, const QByteArray& content)
{
    return [name, content](const QString& folder) {
        QFile out(in(folder, name));
        if (!out.open(QIODevice::WriteOnly) || out.write(content) != content.size())
            qFatal("cannot write %s", name);
    };
}

QByteArray nested(int levels, const char* open, const char* close)
{
    return QByteArray(open).repeated(levels) + "1" + QByteArray(close).repeated(levels);
}

/// The weights with the bytes of their header (JSON) or of their data changed; the length of the header is set anew.
std::function<void(const QString&)> weights(std::function<void(QByteArray& header, QByteArray& data)> change)
{
    return [change](const QString& folder) {
        QFile file(in(folder, "model.safetensors"));
        if (!file.open(QIODevice::ReadOnly))
            qFatal("cannot read the weights");
        const QByteArray all = file.readAll();
        file.close();
        quint64 length = 0;
        std::memcpy(&length, all.constData(), sizeof length);
        length = qFromLittleEndian(length);
        QByteArray header = all.mid(sizeof length, qsizetype(length)),
                   data = all.mid(qsizetype(sizeof length + length));
        change(header, data);
        length = qToLittleEndian(quint64(header.size()));
        if (!file.open(QIODevice::WriteOnly))
            qFatal("cannot write the weights");
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(header + data);
    };
}

/// One tensor's entry in the header, changed.
std::function<void(const QString&)> tensor(const char* name, const QJsonObject& changes)
{
    return weights([name, changes](QByteArray& header, QByteArray&) {
        QJsonObject tensors = QJsonDocument::fromJson(header).object();
        QJsonObject entry = tensors.value(QLatin1String(name)).toObject();
        for (auto field = changes.begin(); field != changes.end(); ++field)
            entry.insert(field.key(), field.value());
        tensors.insert(QLatin1String(name), entry);
        header = compact(tensors);
    });
}

/// model.safetensors becomes two files named by an index; `change` has the index.
std::function<void(const QString&)> index(const QJsonObject& map)
{
    return [map](const QString& folder) {
        QFile::rename(in(folder, "model.safetensors"), in(folder, "model-00001-of-00002.safetensors"));
        writeJson(in(folder, "model.safetensors.index.json"),
            {{QStringLiteral("metadata"), QJsonObject {}}, {QStringLiteral("weight_map"), map}});
    };
}

std::function<void(const QString&)> data(const QByteArray& rows)
{
    return [rows](const QString& folder) {
        QFile out(folder + QStringLiteral(".jsonl"));
        if (!out.open(QIODevice::WriteOnly) || out.write(rows) != rows.size())
            qFatal("cannot write the data");
    };
}

std::function<void(const QString&)> textModel(const QByteArray& rows)
{
    return [rows](const QString& folder) {
        addTokenizer(folder, Padding::Token);
        data(rows)(folder);
    };
}

QJsonArray longRow(int length)
{
    QJsonArray ids;
    for (int i = 0; i < length; ++i)
        ids.append(7);
    return ids;
}

QMap<QString, Refusal> refusals()
{
    const auto q = [](const char* text) { return QString::fromLatin1(text); };
    const QString ownData = q("logprobs --model MODEL --data MODEL.jsonl");
    const auto remove
        = [](const char* name) { return [name](const QString& folder) { QFile::remove(in(folder, name)); }; };
    QMap<QString, Refusal> all;

    // The folder
    all[q("pickled weights only")] = {kLlama, kLogProbs,
        [](const QString& folder) { QFile::rename(in(folder, "model.safetensors"), in(folder, "pytorch_model.bin")); },
        {q("pytorch_model.bin"), q("safetensors")}};
    all[q("no weights")] = {kLlama, kLogProbs, remove("model.safetensors"), {q("model.safetensors")}};
    all[q("no config.json")] = {kLlama, kLogProbs, remove("config.json"), {q("config.json")}};
    all[q("no such folder")] = {kLlama, q("logprobs --model nowhere --data rows.jsonl"), {}, {q("nowhere")}};
    all[q("a file instead of a folder")]
        = {kLlama, q("logprobs --model rows.jsonl --data rows.jsonl"), {}, {q("rows.jsonl")}};

    // config.json
    for (const char* method : {"bitsandbytes", "gptq", "awq"})
        all[q("quantised with ") + q(method)] = {kLlama, kLogProbs,
            config(
                {{q("quantization_config"), QJsonObject {{q("quant_method"), q(method)}, {q("load_in_4bit"), true}}}}),
            {q("config.json"), q("quantization_config"), q("fp32")}};
    for (const char* type : {"bert", "t5", "nonsense"})
        all[q("model_type ") + q(type)] = {kLlama, kLogProbs, config({{q("model_type"), q(type)}}),
            {q("config.json"), q("model_type"), q(type), q("llama")}};
    all[q("no model_type")] = {kLlama, kLogProbs, config({{q("model_type"), QJsonValue()}}), {q("model_type")}};
    all[q("kv heads not dividing")]
        = {kLlama, kLogProbs, config({{q("num_key_value_heads"), 3}}), {q("num_key_value_heads")}};
    for (const char* field : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "head_dim"}) {
        all[q("negative ") + q(field)]
            = {kLlama, kLogProbs, config({{q(field), -4}}), {q("config.json"), q(field), q("-4")}};
    }
    for (const char* field : {"vocab_size", "num_hidden_layers"}) {
        all[q("huge ") + q(field)] = {kLlama, kLogProbs, config({{q(field), 1e15}}), {q("config.json"), q(field)}};
        all[q("text as ") + q(field)]
            = {kLlama, kLogProbs, config({{q(field), q("many")}}), {q("config.json"), q(field), q("many")}};
    }
    all[q("negative rms_norm_eps")] = {kLlama, kLogProbs, config({{q("rms_norm_eps"), -1e-5}}), {q("rms_norm_eps")}};
    all[q("unknown activation")]
        = {kLlama, kLogProbs, config({{q("hidden_act"), q("tanhshrink")}}), {q("hidden_act"), q("tanhshrink")}};
    all[q("unknown rope")] = {kLlama, kLogProbs,
        config({{q("rope_parameters"), QJsonObject {{q("rope_type"), q("spiral")}, {q("rope_theta"), 10000}}}}),
        {q("config.json"), q("spiral")}};
    all[q("config.json is empty")] = {kLlama, kLogProbs, file("config.json", ""), {q("config.json")}};
    all[q("config.json is a list")] = {kLlama, kLogProbs, file("config.json", "[]"), {q("config.json")}};
    all[q("config.json is cut")]
        = {kLlama, kLogProbs, file("config.json", "{\"model_type\": \"lla"), {q("config.json")}};
    all[q("config.json is deep")] = {kLlama, kLogProbs,
        file("config.json", "{\"model_type\": " + nested(10000, "[", "]") + "}"), {q("config.json"), q("deep")}};
    all[q("config.json is deep in objects")]
        = {kLlama, kLogProbs, file("config.json", nested(10000, "{\"a\":", "}")), {q("config.json"), q("deep")}};

    // Weights
    all[q("fewer embeddings than vocab_size")]
        = {kLlama, kLogProbs, config({{q("vocab_size"), 90}}), {q("model.safetensors"), q("embed_tokens"), q("90")}};
    all[q("a layer too many")]
        = {kLlama, kLogProbs, config({{q("num_hidden_layers"), 3}}), {q("model.safetensors"), q("layers.2")}};
    all[q("no output layer")] = {kLlama, kLogProbs, config({{q("tie_word_embeddings"), false}}), {q("lm_head")}};
    all[q("truncated")] = {
        kLlama, kLogProbs, weights([](QByteArray&, QByteArray& data) { data.chop(1000); }), {q("model.safetensors")}};
    all[q("truncated in the header")] = {kLlama, kLogProbs,
        [](const QString& folder) { QFile(in(folder, "model.safetensors")).resize(100); }, {q("model.safetensors")}};
    all[q("empty weights")] = {kLlama, kLogProbs, file("model.safetensors", ""), {q("model.safetensors")}};
    all[q("header longer than the file")]
        = {kLlama, kLogProbs, file("model.safetensors", QByteArray(8, '\x7f') + "{}"), {q("model.safetensors")}};
    all[q("header is not JSON")] = {kLlama, kLogProbs,
        weights([](QByteArray& header, QByteArray&) { header.fill('x'); }), {q("model.safetensors")}};
    all[q("header is deep")] = {kLlama, kLogProbs,
        weights([](QByteArray& header, QByteArray&) { header = "{\"a\": " + nested(10000, "[", "]") + "}"; }),
        {q("model.safetensors")}};
    all[q("unknown dtype")]
        = {kLlama, kLogProbs, tensor("model.norm.weight", {{q("dtype"), q("Q3")}}), {q("model.norm.weight"), q("Q3")}};
    all[q("negative shape")]
        = {kLlama, kLogProbs, tensor("model.norm.weight", {{q("shape"), QJsonArray {-24}}}), {q("model.norm.weight")}};
    all[q("shape and bytes differ")]
        = {kLlama, kLogProbs, tensor("model.norm.weight", {{q("shape"), QJsonArray {25}}}), {q("model.norm.weight")}};
    all[q("offsets beyond the file")] = {kLlama, kLogProbs,
        tensor("model.norm.weight", {{q("data_offsets"), QJsonArray {0, 1e12}}}), {q("model.norm.weight")}};
    all[q("offsets backwards")] = {kLlama, kLogProbs,
        tensor("model.norm.weight", {{q("data_offsets"), QJsonArray {96, 0}}}), {q("model.norm.weight")}};
    all[q("whole numbers as weights")]
        = {kLlama, kLogProbs, tensor("model.norm.weight", {{q("dtype"), q("I32")}}), {q("model.norm.weight")}};
    all[q("NaN in the weights")]
        = {kLlama, kLogProbs, weights([](QByteArray& header, QByteArray& data) {
               const auto entry
                   = QJsonDocument::fromJson(header).object().value(QLatin1String("model.norm.weight")).toObject();
               const auto begin = entry.value(QLatin1String("data_offsets")).toArray()[0].toInt();
               data.replace(begin, 4, QByteArray("\0\0\xc0\x7f", 4));
           }),
            {q("model.safetensors"), q("model.norm.weight"), q("NaN")}};
    all[q("infinity in the score head")] = {kReward, kScore,
        weights([](QByteArray& header, QByteArray& data) {
            const auto entry = QJsonDocument::fromJson(header).object().value(QLatin1String("score.weight")).toObject();
            const auto begin = entry.value(QLatin1String("data_offsets")).toArray()[0].toInt();
            data.replace(begin, 4, QByteArray("\0\0\x80\x7f", 4));
        }),
        {q("model.safetensors"), q("score.weight"), q("infinite")}};
    all[q("a row longer than learned positions")] = {q("gpt2"), ownData,
        data(compact(
            {{q("prompt_ids"), QJsonArray {5}}, {q("chosen_ids"), longRow(64)}, {q("rejected_ids"), longRow(3)}})),
        {q("64")}};
    all[q("two labels")] = {kReward, kScore, tensor("score.weight", {{q("shape"), QJsonArray {2, 12}}}),
        {q("score.weight"), q("one output")}};
    all[q("a language model scores")] = {kLlama, kScore, {}, {q("reward model")}};
    all[q("a reward model writes")] = {kReward, q("sample --model MODEL --data rows.jsonl"), {}, {q("reward model")}};

    // Shards
    const QJsonObject toShard {{q("model.norm.weight"), q("model-00001-of-00002.safetensors")}};
    const auto named = [&](const char* shard) { return index({{q("model.norm.weight"), q(shard)}}); };
    all[q("a shard missing")]
        = {kLlama, kLogProbs, named("model-00002-of-00002.safetensors"), {q("model-00002-of-00002.safetensors")}};
    all[q("a shard outside")]
        = {kLlama, kLogProbs, named("../other/model.safetensors"), {q("index.json"), q("../other/model.safetensors")}};
    all[q("a shard with an absolute path")]
        = {kLlama, kLogProbs, named("/etc/passwd"), {q("index.json"), q("/etc/passwd")}};
    all[q("an index without a map")] = {kLlama, kLogProbs,
        [=](const QString& folder) {
            index({})(folder);
            writeJson(in(folder, "model.safetensors.index.json"), {{q("weight_map"), q("none")}});
        },
        {q("index.json"), q("weight_map")}};
    all[q("a tensor that its shard lacks")] = {kLlama, kLogProbs,
        [=](const QString& folder) {
            QJsonObject map = toShard;
            map.insert(q("model.layers.7.mlp.up_proj.weight"), q("model-00001-of-00002.safetensors"));
            index(map)(folder);
        },
        {q("model.layers.7.mlp.up_proj.weight")}};

    // Data
    const auto rows
        = [&](const char* name, const QByteArray& content, const QStringList& says, const QString& command = {}) {
              all[q(name)] = {kLlama, command.isEmpty() ? ownData : command, textModel(content), says};
          };
    rows("an id outside of the vocabulary", R"({"prompt_ids":[1],"chosen_ids":[80],"rejected_ids":[3]})",
        {q("80"), q("vocabulary")});
    rows("a negative id", R"({"prompt_ids":[1],"chosen_ids":[-1],"rejected_ids":[3]})", {q("line 1"), q("chosen_ids")});
    rows("a fraction as id", R"({"prompt_ids":[1],"chosen_ids":[1.5],"rejected_ids":[3]})",
        {q("line 1"), q("chosen_ids")});
    rows("wrong columns", R"({"question":"a","good":"b","bad":"c"})", {q("question"), q("prompt")});
    rows("no rejected", R"({"prompt":"a","chosen":"b"})", {q("rejected")});
    rows("a number as text", R"({"prompt":"a","chosen":1,"rejected":"b"})", {q("line 1"), q("chosen")});
    rows("no JSON", "{\"prompt\": \"a\", \"cho", {q("line 1")});
    rows("an empty file", "", {q("empty")});
    rows("a deep row", "{\"prompt\": " + nested(10000, "[", "]") + "}", {q("line 1"), q("deep")});
    rows("a deep list", nested(10000, "[", "]"), {q("line 1"), q("deep")});
    rows("bytes that are not UTF-8", "{\"prompt\":\"a\xff\xfe\",\"chosen\":\"b\",\"rejected\":\"c\"}",
        {q("line 1"), q("UTF-8")});
    rows("dialogues with other prompts",
        R"({"chosen":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"rejected":[{"role":"user","content":"z"},{"role":"assistant","content":"c"}]})",
        {q("line 1"), q("prompt")});
    for (const char* stage : {"dpo", "reward"})
        rows(qPrintable(q(stage) + q(" on identical responses")), R"({"prompt":"say","chosen":"yes","rejected":"yes"})",
            {q("same")},
            q("train ") + q(stage) + q(" --model MODEL --data MODEL.jsonl --out x --restart --project p.mpo"));
    rows("training on prompts", R"({"prompt":"say"})", {q("prompts only")},
        q("train dpo --model MODEL --data MODEL.jsonl --out x --restart --project p.mpo"));
    all[q("text without a tokenizer")]
        = {kLlama, ownData, data(R"({"prompt":"a","chosen":"b","rejected":"c"})"), {q("tokenizer.json")}};
    all[q("a tokenizer with more ids than embeddings")] = {kLlama, ownData,
        [=](const QString& folder) {
            textModel(R"({"prompt":"say","chosen":"<extra>","rejected":"no"})")(folder);
            QJsonObject tokenizer = readJson(in(folder, "tokenizer.json"));
            QJsonArray added = tokenizer.value(q("added_tokens")).toArray();
            QJsonObject extra = added.last().toObject();
            extra.insert(q("id"), 200);
            extra.insert(q("content"), q("<extra>"));
            extra.insert(q("special"), false);
            added.append(extra);
            tokenizer.insert(q("added_tokens"), added);
            writeJson(in(folder, "tokenizer.json"), tokenizer);
        },
        {q("token id 80"), q("vocabulary")}}; // the next free one: the package does not keep the file's number either
    all[q("no EOS to train on")]
        = {kLlama, q("train dpo --model MODEL --data MODEL.jsonl --out x --restart --project p.mpo"),
            [=](const QString& folder) {
                textModel(R"({"prompt":"say","chosen":"yes","rejected":"no"})")(folder);
                changeJson(in(folder, "config.json"), {{q("eos_token_id"), QJsonValue()}});
                QFile::remove(in(folder, "generation_config.json"));
                writeJson(in(folder, "tokenizer_config.json"), {{q("pad_token"), q("<pad>")}});
            },
            {q("eos_token")}};
    all[q("tokenizer.json is deep")] = {kLlama, ownData,
        [=](const QString& folder) {
            textModel(R"({"prompt":"say","chosen":"yes","rejected":"no"})")(folder);
            file("tokenizer.json", "{\"model\": " + nested(10000, "[", "]") + "}")(folder);
        },
        {q("tokenizer.json"), q("deep")}};
    return all;
}

} // namespace

/// What cannot be done is refused: nothing on stdout, one sentence on stderr that names the file or field.
class TestRefusals : public QObject
{
    Q_OBJECT

    Program m_program;
    QMap<QString, Refusal> m_refusals = refusals();

private Q_SLOTS:
    void initTestCase();
    void refuses_data();
    void refuses();
};

void TestRefusals::initTestCase()
{
    QVERIFY(m_program.isValid());
    const QJsonArray rows = readJson(fixture(QStringLiteral("models.json"))).value(QLatin1String("rows")).toArray();
    m_program.write(QStringLiteral("rows.jsonl"), jsonLines(rows));
}

void TestRefusals::refuses_data()
{
    QTest::addColumn<QString>("name");
    for (auto refusal = m_refusals.constBegin(); refusal != m_refusals.constEnd(); ++refusal)
        QTest::newRow(qPrintable(refusal.key())) << refusal.key();
}

void TestRefusals::refuses()
{
    QFETCH(QString, name);
    const Refusal refusal = m_refusals.value(name);
    const QString folder = m_program.path(QStringLiteral("model"));
    QDir(folder).removeRecursively();
    copyFolder(fixture(QStringLiteral("models/") + refusal.base), folder);
    if (refusal.spoil)
        refusal.spoil(folder);
    QString command = refusal.command;
    const Result result
        = m_program.run(command.replace(QLatin1String("MODEL"), QLatin1String("model")).split(QLatin1Char(' ')));
    QVERIFY2(result.status == 1,
        qPrintable(QStringLiteral("exit status %1, %2").arg(result.status).arg(QString::fromUtf8(result.out))));
    QVERIFY2(result.isOneSentence(), result.err.constData());
    for (const QString& part : refusal.says)
        QVERIFY2(result.err.contains(part.toUtf8()), (part.toUtf8() + " is not in: " + result.err).constData());
}

QTEST_GUILESS_MAIN(TestRefusals)
#include "tst_refusals.moc"
