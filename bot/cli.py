def main() -> None:
    print("handrail")
