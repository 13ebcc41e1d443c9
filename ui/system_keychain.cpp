// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/key_store.h"

#ifdef MPO_KEYCHAIN
#include <QCoreApplication>

#include <qt6keychain/keychain.h>
#endif

namespace mpo {

#ifdef MPO_KEYCHAIN

namespace {

QString service() { return QStringLiteral("MPO Studio"); }

QString problemOf(const QKeychain::Job& job)
{
    if (job.error() == QKeychain::NoError || job.error() == QKeychain::EntryNotFound)
        return {};
    return QCoreApplication::translate("mpo::KeyStore", "The system's keychain could not be used: %1")
        .arg(job.errorString());
}

class SystemKeychain : public KeyStore
{
public:
    void read(const QString& account, QObject* context,
        const std::function<void(const QString&, const QString&)>& done) override
    {
        auto* job = new QKeychain::ReadPasswordJob(service());
        QObject::connect(job, &QKeychain::Job::finished, context,
            [job, done] { done(job->error() == QKeychain::NoError ? job->textData() : QString(), problemOf(*job)); });
        start(job, account);
    }

    void write(const QString& account, const QString& key, QObject* context,
        const std::function<void(const QString&)>& done) override
    {
        auto* job = new QKeychain::WritePasswordJob(service());
        job->setTextData(key);
        QObject::connect(job, &QKeychain::Job::finished, context, [job, done] { done(problemOf(*job)); });
        start(job, account);
    }

    void remove(const QString& account, QObject* context, const std::function<void(const QString&)>& done) override
    {
        auto* job = new QKeychain::DeletePasswordJob(service());
        QObject::connect(job, &QKeychain::Job::finished, context, [job, done] { done(problemOf(*job)); });
        start(job, account);
    }

private:
    static void start(QKeychain::Job* job, const QString& account)
    {
        job->setInsecureFallback(false); // never into a plain file
        job->setKey(account);
        job->start(); // deletes itself when it has finished
    }
};

} // namespace

std::unique_ptr<KeyStore> systemKeychain() { return std::make_unique<SystemKeychain>(); }

#else

std::unique_ptr<KeyStore> systemKeychain() { return nullptr; }

#endif

} // namespace mpo
