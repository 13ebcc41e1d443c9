// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The only file that knows c10d, PyTorch's library of collective operations. Its backend Gloo, for tensors on the CPU,
// is compiled into every LibTorch; NCCL, for tensors on NVIDIA GPUs, into those with CUDA (core/torch.cmake looks for
// what it takes to use it). Without NCCL such tensors go through the CPU.
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO // the header is empty without it
#endif

#include "core/parallel/rank_place.h"
#include "core/support/log.h"

#include <ATen/ATen.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#ifdef MPO_NCCL
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace mpo {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kLongestMeeting {5};
constexpr std::chrono::minutes kLongestSilence {30}; // PyTorch's own for Gloo; a process that ends is noticed at once
constexpr std::chrono::seconds kLongestFarewell {2};
constexpr std::chrono::milliseconds kPoll {20};

/// What c10d says goes to the log; a trace of its stack helps nobody.
std::string firstLine(const std::exception& error)
{
    const auto* ofTorch = dynamic_cast<const c10::Error*>(&error);
    const std::string text = ofTorch ? ofTorch->what_without_backtrace() : error.what();
    return text.substr(0, text.find('\n'));
}

std::vector<std::uint8_t> bytesOf(const std::string& text) { return {text.begin(), text.end()}; }

class C10dCommunicator final : public Communicator
{
public:
    C10dCommunicator(const RankPlace& place, const WhileConnecting& meanwhile);
    ~C10dCommunicator() override;

    int rank() const override { return m_rank; }
    int size() const override { return m_size; }
    using Communicator::sum;
    void sum(const at::Tensor& tensor) override { reduce(tensor, c10d::ReduceOp::SUM); }
    void broadcast(const at::Tensor& tensor) override;
    std::string broadcast(const std::string& text) override;
    Wish agree(Wish own) override;
    void announce(const std::string& text) override;
    std::string nextAnnouncement(const std::function<void()>& waiting) override;
    void leaveReason(const std::string& sentence) noexcept override;
    std::string reasonOf(int rank) noexcept override;

private:
    void reduce(const at::Tensor& tensor, c10d::ReduceOp::RedOpType operation);
    /// Calls work(backend, tensor) with a tensor on a device that the backend can take.
    void onDevice(const at::Tensor& tensor, const std::function<void(c10d::Backend&, std::vector<at::Tensor>&)>& work);
    [[noreturn]] void failLost(const std::exception& error);
    template<class Work>
    auto reaching(const Work& work) -> decltype(work());
    std::string key(const char* what, std::int64_t number) const { return fmt::format("{}/{}", what, number); }

    const int m_rank, m_size;
    const bool m_hostsStore;
    c10::intrusive_ptr<c10d::Store> m_store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> m_gloo;
#ifdef MPO_NCCL
    c10::intrusive_ptr<c10d::ProcessGroupNCCL> m_nccl; ///< made when the first tensor on a GPU comes
#endif
    std::int64_t m_announcements = 0;
};

std::shared_ptr<gloo::transport::Device> networkDevice(const RankPlace& place)
{
    if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"); interface && *interface)
        return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
    return place.oneMachine ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                            : c10d::ProcessGroupGloo::createDefaultDevice();
}

/// A store by itself listens to the whole network, which is none of its business when all ranks are on this machine.
std::pair<int, std::uint16_t> loopbackSocket()
{
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0 || ::bind(socket, any, size) != 0 || ::getsockname(socket, any, &size) != 0)
        fail("No port of this machine can be had for the processes of the run ({})", std::strerror(errno));
    return {socket, ntohs(address.sin_port)};
}

C10dCommunicator::C10dCommunicator(const RankPlace& place, const WhileConnecting& meanwhile)
    : m_rank(place.rank)
    , m_size(place.size)
    , m_hostsStore(place.hostsStore)
{
    c10d::TCPStoreOptions storeOptions;
    storeOptions.port = place.port;
    storeOptions.isServer = place.hostsStore;
    storeOptions.waitWorkers = false;
    storeOptions.timeout = kLongestMeeting;
    if (const char* uv = std::getenv("USE_LIBUV"))
        storeOptions.useLibUV = std::string_view(uv) != "0";
    if (place.hostsStore && place.port == 0) {
        const auto [socket, port] = loopbackSocket();
        storeOptions.masterListenFd = socket;
        storeOptions.port = port;
    }
    const auto server = c10::make_intrusive<c10d::TCPStore>(place.address, storeOptions);
    m_store = c10::make_intrusive<c10d::PrefixStore>("mpo/" + place.attempt, server);
    if (place.hostsStore && meanwhile.listening)
        meanwhile.listening(server->getPort());

    m_store->set(key("here", m_rank), bytesOf("1"));
    const auto deadline = Clock::now() + kLongestMeeting;
    for (int other = 1; m_rank == 0 && other < m_size; ++other)
        while (!m_store->check({key("here", other)})) {
            if (meanwhile.waiting)
                meanwhile.waiting();
            if (Clock::now() > deadline)
                fail("Process {} of {} has not come within {} minutes; look at why it did not start", other, m_size,
                    kLongestMeeting.count());
            std::this_thread::sleep_for(kPoll);
        }
    const auto options = c10d::ProcessGroupGloo::Options::create(kLongestSilence);
    options->devices.push_back(networkDevice(place));
    m_gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(m_store, m_rank, m_size, options);
}

C10dCommunicator::~C10dCommunicator()
{
    m_gloo.reset();
    // What rank 0 left in the store is to be read before the store goes.
    try {
        if (!isFirst())
            m_store->set(key("bye", m_rank), bytesOf("1"));
        const auto deadline = Clock::now() + kLongestFarewell;
        for (int other = 1; m_hostsStore && other < m_size; ++other)
            while (!m_store->check({key("bye", other)}) && Clock::now() < deadline)
                std::this_thread::sleep_for(kPoll);
    } catch (const std::exception& error) {
        log().debug("c10d: {}", firstLine(error));
    }
}

void C10dCommunicator::failLost(const std::exception& error)
{
    m_lost = true;
#ifdef MPO_NCCL
    m_nccl.reset();
#endif
    m_gloo.reset(); // so that those who wait for this rank notice too
    log().debug("c10d: {}", firstLine(error));
    std::string sentence = fmt::format("Another of the {} processes of this run has ended or does not answer, so the "
                                       "run stops here; the same command goes on from its last checkpoint",
        m_size);
    // One that failed has left the reason before it closed its connections.
    for (int other = 0; other < m_size; ++other)
        if (other != m_rank)
            if (const std::string reason = reasonOf(other); !reason.empty())
                sentence = fmt::format("Process {} of {} failed: {}", other, m_size, reason);
    if (isFirst())
        leaveReason(sentence);
    throw LostRank(sentence);
}

template<class Work>
auto C10dCommunicator::reaching(const Work& work) -> decltype(work())
{
    if (m_lost)
        throw LostRank("The other processes of this run are gone");
    try {
        return work();
    } catch (const std::exception& error) { // Gloo has exceptions of its own beside those of PyTorch
        failLost(error);
    }
}

void C10dCommunicator::onDevice(
    const at::Tensor& tensor, const std::function<void(c10d::Backend&, std::vector<at::Tensor>&)>& work)
{
    if (tensor.numel() == 0)
        return;
    reaching([&] {
        std::vector<at::Tensor> tensors {tensor.detach()};
        if (tensor.is_cpu())
            return work(*m_gloo, tensors);
#ifdef MPO_NCCL
        if (tensor.is_cuda()) {
            if (!m_nccl)
                m_nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(
                    c10::make_intrusive<c10d::PrefixStore>("nccl", m_store), m_rank, m_size);
            return work(*m_nccl, tensors);
        }
#endif
        tensors[0] = tensor.detach().cpu();
        work(*m_gloo, tensors);
        tensor.detach().copy_(tensors[0]);
    });
}

void C10dCommunicator::reduce(const at::Tensor& tensor, c10d::ReduceOp::RedOpType operation)
{
    onDevice(tensor, [&](c10d::Backend& backend, std::vector<at::Tensor>& tensors) {
        c10d::AllreduceOptions options;
        options.reduceOp = operation;
        backend.allreduce(tensors, options)->wait();
    });
}

void C10dCommunicator::broadcast(const at::Tensor& tensor)
{
    onDevice(
        tensor, [](c10d::Backend& backend, std::vector<at::Tensor>& tensors) { backend.broadcast(tensors)->wait(); });
}

std::string C10dCommunicator::broadcast(const std::string& text)
{
    at::Tensor length = at::full({1}, std::int64_t(text.size()), at::kLong);
    broadcast(length);
    std::string result(std::size_t(length.item<std::int64_t>()), '\0');
    if (isFirst())
        result = text;
    if (!result.empty())
        broadcast(at::from_blob(result.data(), {std::int64_t(result.size())}, at::kByte));
    return result;
}

Communicator::Wish C10dCommunicator::agree(Wish own)
{
    const at::Tensor wish = at::full({1}, std::int64_t(own), at::kInt);
    reduce(wish, c10d::ReduceOp::MAX);
    return Wish(wish.item<std::int32_t>());
}

void C10dCommunicator::announce(const std::string& text)
{
    reaching([&] { m_store->set(key("announcement", m_announcements++), bytesOf(text)); });
}

std::string C10dCommunicator::nextAnnouncement(const std::function<void()>& waiting)
{
    const std::string wanted = key("announcement", m_announcements++);
    while (!reaching([&] { return m_store->check({wanted}); })) {
        waiting();
        std::this_thread::sleep_for(kPoll);
    }
    const auto bytes = reaching([&] { return m_store->get(wanted); });
    return {bytes.begin(), bytes.end()};
}

void C10dCommunicator::leaveReason(const std::string& sentence) noexcept
{
    try {
        m_store->set(key("reason", m_rank), bytesOf(sentence));
    } catch (const std::exception& error) {
        log().debug("c10d: {}", firstLine(error));
    }
}

std::string C10dCommunicator::reasonOf(int rank) noexcept
{
    try {
        if (m_store->check({key("reason", rank)})) {
            const auto bytes = m_store->get(key("reason", rank));
            return {bytes.begin(), bytes.end()};
        }
    } catch (const std::exception& error) {
        log().debug("c10d: {}", firstLine(error));
    }
    return {};
}

} // namespace

std::shared_ptr<Communicator> connectRanks(const RankPlace& place, const WhileConnecting& meanwhile)
{
    // A connection that closes is no news to the user; c10d would print it with a trace of its stack.
    ::setenv("TORCH_CPP_LOG_LEVEL", "ERROR", /*overwrite=*/0);
    c10::initLogging();
    try {
        return std::make_shared<C10dCommunicator>(place, meanwhile);
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        fail("Process {} of {} cannot reach the others at {}:{} ({})", place.rank, place.size, place.address,
            place.port, firstLine(error));
    }
}

} // namespace mpo
