// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>

#include <cmath>

/// What a run of the program left.
struct Result
{
    int status = -1;
    QByteArray out, err;

    /// Every line of stdout must be one JSON object; anything else makes the list null.
    QList<QJsonObject> rows() const
    {
        QList<QJsonObject> rows;
        for (const QByteArray& line : out.split('\n')) {
            if (line.isEmpty())
                continue;
            const QJsonDocument document = QJsonDocument::fromJson(line);
            if (!document.isObject())
                return {};
            rows.append(document.object());
        }
        return rows;
    }
    /// What scripts rely on in a failure: nothing on stdout, one sentence on stderr.
    bool isOneSentence() const
    {
        return out.isEmpty() && err.startsWith("mpo: ") && err.count('\n') == 1 && !err.contains("frame #");
    }
};

inline double number(const QJsonObject& row, const QString& key) { return row.value(key).toDouble(std::nan("")); }
inline double number(const QJsonObject& row, const char* key) { return number(row, QLatin1String(key)); }

/// Runs `mpo` (MPO_BIN) as a script does, in a temporary folder.
class Program
{
public:
    bool isValid() const { return m_folder.isValid(); }
    QString path(const QString& name = {}) const { return name.isEmpty() ? m_folder.path() : m_folder.filePath(name); }

    void write(const QString& name, const QByteArray& content) const
    {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write %s", qPrintable(file.fileName()));
    }

    /// Of a file of the folder; empty if it is not there.
    QByteArray content(const char* name) const
    {
        QFile file(path(QLatin1String(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    void start(QProcess& process, const QStringList& arguments, const QMap<QString, QString>& variables = {},
        const QString& program = QStringLiteral(MPO_BIN "/mpo")) const
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("XDG_DATA_HOME"), path(QStringLiteral("home"))); // never the user's projects
        environment.insert(QStringLiteral("OMP_NUM_THREADS"), QStringLiteral("1"));
        for (auto variable = variables.cbegin(); variable != variables.cend(); ++variable)
            environment.insert(variable.key(), variable.value());
        process.setProcessEnvironment(environment);
        process.setWorkingDirectory(m_folder.path());
        process.start(program, arguments);
    }

    Result run(const QStringList& arguments, const QByteArray& input = {}) const
    {
        constexpr int kLongestMs = 60000;
        QProcess process;
        start(process, arguments);
        process.write(input);
        process.closeWriteChannel();
        if (!process.waitForFinished(kLongestMs) || process.exitStatus() != QProcess::NormalExit) {
            qWarning("mpo %s: %s", qPrintable(arguments.join(QLatin1Char(' '))), qPrintable(process.errorString()));
            return {};
        }
        return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
    }

private:
    QTemporaryDir m_folder;
};
