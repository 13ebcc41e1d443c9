// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/cli/tiny_model.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <csignal>
#include <optional>

/// Trainings by the program on a tiny model, in a folder of their own, with faults in their environment.
class Trainings
{
public:
    struct Ended
    {
        bool normally = false;
        int status = -1;
        QByteArray out, err;
        qint64 milliseconds = 0;
        bool isOneSentence() const
        {
            // Warnings may stand before it.
            const qsizetype last = err.lastIndexOf("mpo: ");
            return last >= 0 && err.indexOf('\n', last) == err.size() - 1 && !err.contains("frame #");
        }
    };
    using Environment = QList<std::pair<const char*, QByteArray>>;

    bool prepare()
    {
        if (!m_root.isValid())
            return false;
        tiny_model::write(path(QStringLiteral("tiny")));
        QFile pairs(path(QStringLiteral("pairs.jsonl")));
        if (!pairs.open(QIODevice::WriteOnly))
            return false;
        for (int i = 0; i < 12; ++i)
            pairs.write(QStringLiteral(R"({"prompt_ids":[%1,%2],"chosen_ids":[%3,4,10],"rejected_ids":[%4,10]})")
                            .arg(1 + i % 9)
                            .arg(1 + i / 3)
                            .arg(1 + (2 * i) % 9)
                            .arg(2 + (3 * i) % 7)
                            .toLatin1()
                + "\n");
        pairs.close();
        const Ended reward = run(QStringLiteral("setup.mpo"),
            QStringLiteral(
                "train reward --model tiny --data pairs.jsonl --out ./rm --max-steps 4 --learning-rate 0.01"));
        return reward.normally && reward.status == 0;
    }

    QString path(const QString& name) const { return m_root.filePath(name); }

    /// Ends after `killAfter` milliseconds with SIGKILL, if given.
    Ended run(const QString& project, const QString& arguments, const Environment& faults = {},
        std::optional<int> killAfter = {}) const
    {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("XDG_DATA_HOME"), path(QStringLiteral("home")));
        environment.insert(QStringLiteral("OMP_NUM_THREADS"), QStringLiteral("1"));
        for (const auto& [name, value] : faults)
            environment.insert(QLatin1String(name), QString::fromUtf8(value));
        if (!faults.isEmpty())
            environment.insert(QStringLiteral("LD_PRELOAD"), QStringLiteral(MPO_FAULT_SHIM));
        process.setProcessEnvironment(environment);
        process.setWorkingDirectory(m_root.path());
        QElapsedTimer timer;
        timer.start();
        process.start(QStringLiteral(MPO_BIN "/mpo"),
            QStringList {QStringLiteral("--project"), project, QStringLiteral("--quiet")}
                + arguments.split(QLatin1Char(' '), Qt::SkipEmptyParts));
        constexpr int kLongestMs = 60000;
        if (killAfter && !process.waitForFinished(std::max(1, *killAfter)))
            process.kill(); // SIGKILL
        if (process.state() != QProcess::NotRunning && !process.waitForFinished(kLongestMs))
            return {};
        return {process.exitStatus() == QProcess::NormalExit, process.exitCode(), process.readAllStandardOutput(),
            process.readAllStandardError(), timer.elapsed()};
    }

    QByteArray read(const QString& file) const
    {
        QFile opened(path(file));
        return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
    }

    /// All files of the model that a project holds, as one text.
    QByteArray model(const QString& project, const QString& name) const
    {
        QByteArray all;
        const QDir folder(path(project + QStringLiteral("/models/") + name));
        for (const QString& file : folder.entryList(QDir::Files, QDir::Name))
            all += file.toUtf8() + '\n' + read(project + QStringLiteral("/models/") + name + QLatin1Char('/') + file);
        return all;
    }

    /// Metrics of run 1 without what a clock or the operating system says, a line for each step: those of
    /// metrics.jsonl, or what differs in the database from them.
    QByteArray metrics(const QString& project, const QString& stage) const
    {
        const auto file
            = comparable(read(project + QStringLiteral("/runs/1-") + stage + QStringLiteral("/metrics.jsonl")));
        const auto stored = comparable(run(project, QStringLiteral("--json runs show 1 --metrics")).out);
        return file == stored ? file : "metrics.jsonl\n" + file + "differs from project.db\n" + stored;
    }

    struct Case
    {
        QString stage, lora, arguments;
        QByteArray model, metrics; ///< of a run in one go
        qint64 milliseconds = 0; ///< that it took

        QString command(const QString& extra = {}) const { return arguments + QLatin1Char(' ') + extra; }
        QString name() const { return stage + lora; }
    };

    static constexpr std::array kStages {"sft", "reward", "dpo", "ppo"};

    /// A stage, full or with LoRA, trained in one go.
    Case trained(const char* stage, const QString& lora = {}) const
    {
        const QString name = QLatin1String(stage);
        Case one {name, lora, {}, {}, {}, 0};
        one.arguments = QStringLiteral("train %1 --model tiny --data pairs.jsonl --out out --learning-rate 0.01%2 ")
                            .arg(name, lora)
            + (name == QLatin1String("ppo")
                    ? QStringLiteral("--reward-model ./rm --max-steps 4 --rollout-batch 6 --minibatch-size 3 "
                                     "--micro-batch 2 --ppo-epochs 2 --max-new-tokens 5 --kl-adaptive "
                                     "--normalize-scores running --value-learning-rate 0.01")
                    : QStringLiteral("--max-steps 14 --batch-size 2 --gradient-accumulation 2 --eval-share 0.25 "
                                     "--eval-every 3 --load-best-at-end"));
        const QString project = QStringLiteral("whole.mpo");
        remove(project);
        const Ended ended = run(project, one.command());
        if (!ended.normally || ended.status != 0)
            qWarning("%s", ended.err.constData());
        one.model = model(project, QStringLiteral("out"));
        one.metrics = metrics(project, name);
        one.milliseconds = ended.milliseconds;
        return one;
    }

    void remove(const QString& project) const { QDir(path(project)).removeRecursively(); }

private:
    static QByteArray comparable(const QByteArray& lines)
    {
        QByteArray all;
        for (const QByteArray& line : lines.split('\n')) {
            if (line.isEmpty())
                continue;
            QJsonObject row = QJsonDocument::fromJson(line).object();
            if (row.isEmpty())
                return "a line that is not JSON: " + line;
            for (const char* name : {"run", "seconds", "step_seconds", "tokens_per_second", "peak_rss_mb"})
                row.remove(QLatin1String(name));
            all += QJsonDocument(row).toJson(QJsonDocument::Compact) + '\n';
        }
        return all;
    }

    QTemporaryDir m_root;
};
