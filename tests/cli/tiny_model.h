// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRandomGenerator>
#include <QtEndian>

#include <bit>

/// Writes a Llama folder without a tokenizer, small enough to train within a test. Its lm_head is zero, so that every
/// token has the probability 1 / kVocabulary and log-probs can be worked by hand; the rest is random.
namespace tiny_model {

inline constexpr int kVocabulary = 11, kEos = 10;

inline void write(const QString& folder)
{
    constexpr int hidden = 8, intermediate = 16;
    QDir().mkpath(folder);
    const auto save = [&](const QString& name, const QByteArray& content) {
        QFile file(folder + QLatin1Char('/') + name);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write %s", qPrintable(file.fileName()));
    };
    save(QStringLiteral("config.json"),
        QByteArrayLiteral(
            R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 11, "hidden_size": 8,
            "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": false, "eos_token_id": 10})"));

    QRandomGenerator random(1);
    QJsonObject header;
    QByteArray data;
    enum class Fill { Random, One, Zero };
    const auto add = [&](const char* name, const QList<int>& shape, Fill fill) {
        QJsonArray dimensions;
        int count = 1;
        for (const int size : shape) {
            dimensions.append(size);
            count *= size;
        }
        const qsizetype begin = data.size();
        for (int i = 0; i < count; ++i) {
            const float value = fill == Fill::Zero ? 0.0F
                : fill == Fill::One                ? 1.0F
                                                   : float(random.generateDouble() - 0.5);
            const quint32 bits = qToLittleEndian(std::bit_cast<quint32>(value));
            data.append(reinterpret_cast<const char*>(&bits), sizeof bits);
        }
        header[QLatin1String(name)] = QJsonObject {{QStringLiteral("dtype"), QStringLiteral("F32")},
            {QStringLiteral("shape"), dimensions}, {QStringLiteral("data_offsets"), QJsonArray {begin, data.size()}}};
    };
    add("model.embed_tokens.weight", {kVocabulary, hidden}, Fill::Random);
    add("model.layers.0.input_layernorm.weight", {hidden}, Fill::One);
    add("model.layers.0.self_attn.q_proj.weight", {hidden, hidden}, Fill::Random);
    add("model.layers.0.self_attn.k_proj.weight", {hidden / 2, hidden}, Fill::Random);
    add("model.layers.0.self_attn.v_proj.weight", {hidden / 2, hidden}, Fill::Random);
    add("model.layers.0.self_attn.o_proj.weight", {hidden, hidden}, Fill::Random);
    add("model.layers.0.post_attention_layernorm.weight", {hidden}, Fill::One);
    add("model.layers.0.mlp.gate_proj.weight", {intermediate, hidden}, Fill::Random);
    add("model.layers.0.mlp.up_proj.weight", {intermediate, hidden}, Fill::Random);
    add("model.layers.0.mlp.down_proj.weight", {hidden, intermediate}, Fill::Random);
    add("model.norm.weight", {hidden}, Fill::One);
    add("lm_head.weight", {kVocabulary, hidden}, Fill::Zero);

    const QByteArray text = QJsonDocument(header).toJson(QJsonDocument::Compact);
    const quint64 length = qToLittleEndian(quint64(text.size()));
    save(QStringLiteral("model.safetensors"),
        QByteArray(reinterpret_cast<const char*>(&length), sizeof length) + text + data);
}

} // namespace tiny_model
